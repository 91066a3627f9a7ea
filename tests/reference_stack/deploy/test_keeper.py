"""Keeping one component: a small HTTP server stands in for it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from l7audit_stack.deploy import keeper as keeping
from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.commands import Program
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.forks import Forks
from l7audit_stack.deploy.homes import Home
from l7audit_stack.deploy.keeper import Keeper, State
from l7audit_stack.deploy.ports import LOOPBACK, Ports
from l7audit_stack.deploy.probes import http_status
from l7audit_stack.deploy.processes import Processes
from l7audit_stack.deploy.seats import Seat
from l7audit_stack.deploy.system import start_time
from l7audit_stack.deploy.topology import Kind

Workshop = Callable[[Callable[[Programs, Forks], Awaitable[None]]], None]


@dataclass(frozen=True)
class _Server:
    port: int
    script: str = ""
    name: str = "toy"
    kind: Kind = Kind.API
    seat: Seat | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def prepare(self, programs: Programs, log: Path) -> None:
        """Nothing to make."""

    def command(self) -> Program:
        if self.script:
            return Program((sys.executable, "-c", self.script))
        return Program(
            (sys.executable, "-m", "http.server", "-b", LOOPBACK, "-d", "/usr", str(self.port))
        )

    async def ready(self) -> bool:
        return await http_status(self.port, "/") == 200


@pytest.fixture
def port(home: Home) -> int:
    return Ports(home.folder).take()


def test_it_can_be_started_paused_resumed_killed_and_restarted(
    workshop: Workshop, port: int, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        kept = Keeper(_Server(port), Processes(programs, forks), tmp_path / "toy.log")
        await kept.start()
        assert kept.status().state is State.READY
        await kept.pause()
        with pytest.raises(TimeoutError):
            await http_status(port, "/")
        await kept.resume()
        assert await http_status(port, "/") == 200
        await kept.kill()
        assert (kept.status().state, kept.status().exit_code) == (State.STOPPED, -9)
        with pytest.raises(StackError, match="not running: restart it first"):
            await kept.pause()
        await kept.restart()
        assert await http_status(port, "/") == 200
        await kept.pause()
        await kept.stop()  # a paused process has to be woken to obey
        assert kept.pid is None

    workshop(work)


def test_a_component_that_ends_while_starting_is_told_with_its_last_lines(
    workshop: Workshop, port: int, tmp_path: Path
) -> None:
    log = tmp_path / "toy.log"
    log.write_text("a line of an earlier start\n")
    script = "import sys; print('cannot read settings', file=sys.stderr); sys.exit(3)"

    async def work(programs: Programs, forks: Forks) -> None:
        with pytest.raises(StackError) as raised:
            await Keeper(_Server(port, script), Processes(programs, forks), log).start()
        said = str(raised.value)
        assert said.startswith("toy did not start: it ended with code 3.")
        assert "cannot read settings" in said
        assert "earlier start" not in said

    workshop(work)


def test_a_component_that_never_gets_ready_is_given_up_and_ended(
    workshop: Workshop, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "START_SECONDS", 0.2)

    async def work(programs: Programs, forks: Forks) -> None:
        script = "import time; time.sleep(60)"
        kept = Keeper(_Server(port, script), Processes(programs, forks), tmp_path / "toy.log")
        with pytest.raises(StackError, match="toy was not ready within"):
            await kept.start()
        assert kept.pid is None

    workshop(work)


def test_a_port_that_is_taken_is_named(workshop: Workshop, port: int, tmp_path: Path) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind((LOOPBACK, port))
            other.listen()
            with pytest.raises(StackError, match=f"port {port} on 127.0.0.1 is taken"):
                await Keeper(
                    _Server(port), Processes(programs, forks), tmp_path / "toy.log"
                ).start()

    workshop(work)


def test_an_end_by_itself_is_seen(workshop: Workshop, port: int, tmp_path: Path) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        kept = Keeper(_Server(port), Processes(programs, forks), tmp_path / "toy.log")
        await kept.start()
        child = kept._child
        assert child is not None
        child.send(signal.SIGTERM)
        await child.exited
        assert kept.status().state is State.EXITED

    workshop(work)


def test_a_kill_takes_along_what_the_component_started(
    workshop: Workshop, port: int, tmp_path: Path
) -> None:
    script = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '60'], start_new_session=True);"
        "print(p.pid, flush=True);"
        f"import http.server as h; h.HTTPServer(('{LOOPBACK}', {port}),"
        "h.SimpleHTTPRequestHandler).serve_forever()"
    )

    async def work(programs: Programs, forks: Forks) -> None:
        log = tmp_path / "toy.log"
        kept = Keeper(_Server(port, script), Processes(programs, forks), log)
        await kept.start()
        grandchild = int(log.read_text().split()[0])
        assert start_time(grandchild)
        await kept.kill()
        while start_time(grandchild):
            await asyncio.sleep(0.01)

    workshop(work)
