"""The process that owns one stack: `python -m l7audit_stack.deploy.supervisor --run-dir DIR`.

It starts every component, takes commands at a control socket and stops everything on SIGTERM,
SIGINT, the command `shutdown`, or the end of its standard input (which a parent holds open as
long as it lives; `--detached` ignores it). Events go to standard output as JSON lines.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec

from l7audit_stack.deploy import control
from l7audit_stack.deploy import mode as modes
from l7audit_stack.deploy.commanding import Commands
from l7audit_stack.deploy.errors import StackError, from_os_error
from l7audit_stack.deploy.events import Announcer, Failed, Progress, Ready
from l7audit_stack.deploy.guard import guarded
from l7audit_stack.deploy.homes import Home, Process, open_home
from l7audit_stack.deploy.lanes import Lane
from l7audit_stack.deploy.mode import Mode
from l7audit_stack.deploy.shared import Shared
from l7audit_stack.deploy.state import StateFile
from l7audit_stack.deploy.system import start_time
from l7audit_stack.deploy.topology import Kind, Part, reference_topology


class Options(msgspec.Struct, frozen=True):
    """How to run."""

    run_dir: Path
    replicas: int
    defects: tuple[str, ...]
    mode: Mode
    detached: bool
    starter: Process | None
    """Whoever started us, and whose end is ours; nobody where we are detached."""


class Supervisor:
    """One stack from its start to its end."""

    def __init__(self, options: Options, home: Home, announcer: Announcer) -> None:
        self._options = options
        self._home = home
        self._announcer = announcer
        self._began = time.monotonic()
        self._topology = reference_topology(options.replicas)
        self._stop = asyncio.Event()
        self.timings: dict[str, float] = {}

    async def run(self) -> int:
        """Start, serve commands until told to stop, stop. Answers the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        if not self._options.detached:
            loop.add_reader(0, self._watch_parent)
        logs = self._options.run_dir / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        machinery = await modes.open_machinery(
            self._options.mode, self._home, logs, self._topology, self._tell
        )
        shared = Shared.open(self._home, logs, machinery)
        stopping = asyncio.create_task(self._stop.wait())
        starting = asyncio.create_task(self._start(shared))
        try:
            await asyncio.wait([stopping, starting], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                await asyncio.wait([starting])
                return 0
            lane = starting.result()
            commands = Commands(shared, lane, self.timings, self._stop.set)
            server = await control.listen(self._home.socket, commands.handle)
            state = StateFile(self._options.run_dir)
            state.write(self._home, self._options.starter)
            self._announcer.tell(Ready(self._elapsed()))
            self._announcer.end()
            await stopping
            server.close()
            await commands.end()
            state.remove(self._home)
        finally:
            await shared.close()
        return 0

    def _watch_parent(self) -> None:
        if not os.read(0, 1024):
            asyncio.get_running_loop().remove_reader(0)
            self._stop.set()

    async def _start(self, shared: Shared) -> Lane:
        """Start each part as soon as those it needs are ready."""
        lane = Lane(0, shared, defects=self._options.defects)
        starters = self._starters(shared, lane)
        tasks: dict[Kind, asyncio.Task[None]] = {}

        async def start(part: Part) -> None:
            for need in part.needs:
                await asyncio.shield(tasks[need])
            await starters[part.kind]()
            self._note(part.kind)
            shared.record_processes()

        try:
            async with asyncio.TaskGroup() as group:
                for wave in self._topology.waves():
                    for part in wave:
                        tasks[part.kind] = group.create_task(start(part))
        except* (StackError, OSError) as failed:
            raise _first(failed) from None
        return lane

    def _starters(self, shared: Shared, lane: Lane) -> dict[Kind, Callable[[], Awaitable[None]]]:
        async def start_api() -> None:
            await lane.prepare(self._topology.part(Kind.API).replicas)
            self._note("lane data")
            await lane.start_replicas()

        return {
            Kind.POSTGRES: shared.start_postgres,
            Kind.STORE: shared.keepers[shared.store.name].start,
            Kind.LLM: shared.keepers[shared.llm.name].start,
            Kind.SECRETS: shared.make_secrets,
            Kind.SCHEMA: shared.make_schema,
            Kind.SEED: shared.make_seed,
            Kind.API: start_api,
            Kind.EDGE: lane.start_edge,
        }

    def _note(self, what: str) -> None:
        self.timings[what] = self._elapsed()
        self._tell(f"{what} is ready")

    def _tell(self, what: str) -> None:
        self._announcer.tell(Progress(what, self._elapsed()))

    def _elapsed(self) -> float:
        return round(time.monotonic() - self._began, 3)


def _first(failed: BaseExceptionGroup[StackError | OSError]) -> StackError:
    error = failed.exceptions[0]
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return from_os_error(error) if isinstance(error, OSError) else error


def parse(arguments: list[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m l7audit_stack.deploy.supervisor")
    parser.add_argument("--run-dir", type=Path, required=True, help="folder for the logs")
    parser.add_argument("--replicas", type=int, default=2, help="API processes (default 2)")
    parser.add_argument("--defects", default="", help="names of planted defects, with commas")
    parser.add_argument("--mode", type=Mode, default=Mode.EMBEDDED, help="how parts are run")
    parser.add_argument("--detached", action="store_true", help="outlive the parent")
    given = parser.parse_args(arguments)
    if given.replicas < 1:
        parser.error("--replicas must be at least 1")
    parent = os.getppid()
    return Options(
        run_dir=given.run_dir.absolute(),
        replicas=given.replicas,
        defects=tuple(name for name in given.defects.split(",") if name),
        mode=given.mode,
        detached=given.detached,
        starter=None if given.detached else Process(parent, start_time(parent) or ""),
    )


def main(arguments: list[str]) -> int:
    """Run one stack. Exit code 0 after an orderly stop, 3 if it could not be started."""
    options = parse(arguments)
    announcer = Announcer(1)
    try:
        home = open_home()
    except (StackError, OSError) as error:
        return _failed(announcer, error)

    def body() -> int:
        try:
            return asyncio.run(_supervise(options, home, announcer))
        except (StackError, OSError) as error:
            return _failed(announcer, error)

    return guarded(body, home, partial(modes.clear, options.mode, home))


async def _supervise(options: Options, home: Home, announcer: Announcer) -> int:
    return await Supervisor(options, home, announcer).run()


def _failed(announcer: Announcer, error: StackError | OSError) -> int:
    told = from_os_error(error) if isinstance(error, OSError) else error
    announcer.tell(Failed(str(told)))
    sys.stderr.write(f"{told}\n")
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
