"""What the stack asks of the operating system about processes. Linux first, macOS where it can."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

LINUX = sys.platform.startswith("linux")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER = 0x10000000

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, with_signal: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to signal this process when `parent` (its parent now) ends. Linux only."""
    if not LINUX:
        return
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0))
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), with_signal)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends. Linux only."""
    if LINUX:
        _checked(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def enter_user_namespace() -> None:
    """Appear to be user 1000 with the rights of our real user. Needs a single-threaded process."""
    user, group = os.geteuid(), os.getegid()
    _checked(_libc.unshare(_CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {user} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {group} 1")


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def start_time(pid: int) -> str | None:
    """When the process started, as an opaque text; None if there is none (or only a zombie).

    A process id with its start time is unique on a machine until it boots again.
    """
    if LINUX:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat[stat.rindex(")") + 2 :].split()
        return None if fields[0] in "ZX" else fields[19]
    answer = _ps("-o", "stat=,lstart=", "-p", str(pid)).strip()
    return None if not answer or answer.startswith("Z") else answer.split(None, 1)[1]


def descendants(pid: int) -> list[int]:
    """Ids of all processes below `pid`, parents before children."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    queue = [pid]
    while queue:
        below = children.get(queue.pop(0), [])
        found += below
        queue += below
    return found


def _parents() -> dict[int, int]:
    if not LINUX:
        rows = (line.split() for line in _ps("-A", "-o", "pid=,ppid=").splitlines())
        return {int(pid): int(parent) for pid, parent in rows}
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - hundreds of Path objects for nothing
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry)] = int(stat[stat.rindex(")") + 2 :].split()[1])
    return parents


def _ps(*arguments: str) -> str:
    program = shutil.which("ps") or "/bin/ps"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False).stdout


def signal_tree(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and everything below it; those already gone don't matter."""
    for each in (pid, *descendants(pid)):
        send(each, number)


def send(pid: int, number: signal.Signals) -> bool:
    """Send a signal; False if there is no such process any more."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
