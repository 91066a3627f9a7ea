"""A process that has imported the API once and forks for each replica that is wanted.

Importing costs more than half a second of processor time a replica; forking a process that has
imported costs a few milliseconds. That is what lets a planted defect be switched in well under a
second. A fork runs exactly what `python -m MODULE` would run.

Protocol, JSON lines over the socket whose descriptor is the first argument:
  in   {"id": 1, "module": "...", "arguments": [...], "environment": {...}, "log": "..."}
  out  {"id": 1, "pid": 123}
  out  {"pid": 123, "code": 0}          when it has ended (negative: by that signal)
The further arguments are the modules to import beforehand.
"""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import selectors
import signal
import socket
import sys
import warnings

import msgspec

from l7audit_stack.deploy.system import die_with_parent


class Birth(msgspec.Struct, frozen=True):
    """What to run in a fork. `out` takes standard output; without it, it goes to `log` too."""

    id: int
    module: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    log: str
    out: str | None = None


class News(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fork was made (`id`), or has ended (`code`)."""

    pid: int
    id: int | None = None
    code: int | None = None


def serve(link: socket.socket) -> Birth | None:
    """Fork as asked until the other end closes.

    Answers the `Birth` in a fork, and None in this process once nobody asks any more.
    """
    wake_read, wake_write = socket.socketpair()
    wake_write.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write.fileno(), warn_on_full_buffer=False)
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(link, selectors.EVENT_READ)
        selector.register(wake_read, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is wake_read:
                    wake_read.recv(4096)
                    _report_ended(link)
                    continue
                received = link.recv(65536)
                if not received:
                    return None
                *lines, buffer = (buffer + received).split(b"\n")
                for line in lines:
                    birth = msgspec.json.decode(line, type=Birth)
                    pid = os.fork()
                    if pid == 0:
                        signal.set_wakeup_fd(-1)
                        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                        for inherited in (link, wake_read, wake_write):
                            inherited.close()
                        return birth
                    _tell(link, News(pid=pid, id=birth.id))


def _report_ended(link: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(link, News(pid=pid, code=os.waitstatus_to_exitcode(status)))


def _tell(link: socket.socket, news: News) -> None:
    link.sendall(msgspec.json.encode(news) + b"\n")


def become(birth: Birth, parent: int) -> None:
    """Turn this fork into what was asked for; returns or raises SystemExit when that ends."""
    os.setsid()
    die_with_parent(parent)
    log = os.open(birth.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    out = log
    if birth.out is not None:
        out = os.open(birth.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(birth.environment)
    sys.argv = [birth.module, *birth.arguments]
    # The module may be among those imported beforehand: running it afresh is what we want.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="runpy")
    runpy.run_module(birth.module, run_name="__main__", alter_sys=True)


def main() -> None:
    """Import, then serve."""
    with socket.socket(fileno=int(sys.argv[1])) as link:
        for name in sys.argv[2:]:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()  # forks share these pages instead of copying them when they first collect
        parent = os.getpid()
        birth = serve(link)
    if birth is not None:
        become(birth, parent)


if __name__ == "__main__":
    main()
