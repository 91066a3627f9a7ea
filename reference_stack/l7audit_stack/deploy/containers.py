"""Running the stack's parts as containers of a Docker engine on this machine.

Containers see a run's files at the paths at which this machine has them, and only those that their
command names; configurations, keys and jobs are thus the very same in both modes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from l7audit_stack.deploy import images
from l7audit_stack.deploy.commands import Command, Module, Mount, Program
from l7audit_stack.deploy.components import postgres
from l7audit_stack.deploy.components.api import READY_PATH
from l7audit_stack.deploy.components.interface import Component
from l7audit_stack.deploy.contained import Contained
from l7audit_stack.deploy.engine import Engine, Spec, sentences
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.homes import Home, lives
from l7audit_stack.deploy.mode import Machinery
from l7audit_stack.deploy.privilege import Privilege
from l7audit_stack.deploy.seats import NetworkSeats
from l7audit_stack.deploy.topology import Kind, Topology
from l7audit_stack.deploy.wheels import DISTRIBUTIONS

MODEL = "/opt/l7audit/model.gguf"
"""The language model in the image."""

_USER = 10001  # of the images, where we are root; else ours, who owns the run's files

_HEALTH = {
    Kind.POSTGRES: "tcp://127.0.0.1:{port}",
    Kind.STORE: "tcp://127.0.0.1:{port}",
    Kind.LLM: "http://127.0.0.1:{port}/health",
    Kind.API: f"http://127.0.0.1:{{port}}{READY_PATH}",
    Kind.EDGE: "tcp://127.0.0.1:{port}",
}


def open_machinery(home: Home, topology: Topology, progress: Callable[[str], None]) -> Machinery:
    """An engine with our images and a network, without leftovers of dead runs."""
    engine = Engine(home.folder)
    engine.sweep(lives)
    tags = images.ready(engine, progress)
    subnet = engine.open_network()
    return Machinery(Containers(engine, home, tags), NetworkSeats(subnet, topology), MODEL)


def clear(home: Home) -> None:
    """Remove a run's containers and network."""
    with contextlib.closing(Engine(home.folder)) as engine:
        engine.clear()


def sweep() -> int:
    """Remove what dead runs left; answers how many containers and networks that were."""
    with contextlib.closing(Engine(Path())) as engine:
        return engine.sweep(lives)


def engine_version() -> str:
    """That of the engine here. Raises StackError where none answers."""
    with contextlib.closing(Engine(Path())) as engine:
        return engine.version()


def user() -> int:
    """Who containers run as: never root, and somebody who can have the run's files."""
    return os.getuid() or _USER


def hand_over(mounts: tuple[Mount, ...], owner: int) -> None:
    """Let containers have these files, which another user can't be given by an ordinary one."""
    if os.getuid() != 0:
        return
    for mount in mounts:
        below = (Path(at, n) for at, ds, fs in os.walk(mount.path) for n in (*ds, *fs))
        for path in (mount.path, *below):
            with contextlib.suppress(FileNotFoundError):  # a server's, which has gone meanwhile
                os.chown(path, owner, owner, follow_symlinks=False)


class Containers:
    """Each component is a container that keeps its name, address and port when it is started
    again; jobs are containers that go when they end."""

    def __init__(self, engine: Engine, home: Home, tags: dict[str, str]) -> None:
        self._engine = engine
        self._home = home
        self._tags = tags
        self._known: dict[str, tuple[Spec, Contained]] = {}
        self._jobs = 0
        self._names = _names(home.folder) if os.getuid() else ()

    @property
    def tools(self) -> Containers:
        return self

    @property
    def privilege(self) -> Privilege:
        return Privilege.KEEP  # none of them is root, and their files are handed over as mounts

    async def start(self, component: Component, log: Path) -> Contained:
        command = component.command()
        spec = self._spec(component.name, command)
        if component.seat is not None:
            health = _HEALTH[component.kind].format(port=component.seat.port)
            spec = _placed(spec, component, health)
        log.touch()
        await asyncio.to_thread(hand_over, command.mounts, user())
        known = self._known.get(spec.name)
        if known is not None and known[0] == spec:
            running = await known[1].start_again()
        else:
            if known is not None:
                await known[1].remove()
            running = await Contained.start(self._engine, spec, log)
        self._known[spec.name] = (spec, running)
        return running

    async def launch(self, command: Command, log: Path) -> Contained:
        raise StackError("Backups are not taken in containers yet: use the embedded mode.")

    async def run(self, command: Command, log: Path, out: Path | None = None) -> int:
        """Run a job to its end."""
        self._jobs += 1
        spec = self._spec(f"job-{self._jobs}", command)
        await asyncio.to_thread(hand_over, command.mounts, user())
        return await asyncio.to_thread(self._run, spec, log, out)

    def _run(self, spec: Spec, log: Path, out: Path | None) -> int:
        with sentences():
            container = self._engine.start(spec)
            try:
                code = int(container.wait()["StatusCode"])
                with log.open("ab") as file:
                    file.write(container.logs(stdout=out is None, stderr=True))
                if out is not None:
                    out.touch(mode=0o600)
                    out.write_bytes(container.logs(stdout=True, stderr=False))
            finally:
                container.remove(force=True, v=True)
        return code

    def _spec(self, name: str, command: Command) -> Spec:
        if isinstance(command, Module):
            image = images.STACK
            argv: tuple[str, ...] = ("python", "-P", "-m", command.name, *command.arguments)
        else:
            image = images.POSTGRES if command.package == postgres.PACKAGE else images.STACK
            argv = argv_in_image(command)
        owner = user()
        return Spec(
            name=name,
            image=self._tags[image],
            command=argv,
            user=f"{owner}:{owner if os.getuid() == 0 else os.getgid()}",
            environment=dict(command.environment),
            mounts=(*self._names, *((str(m.path),) * 2 + (m.writable,) for m in command.mounts)),
        )

    def pids(self) -> list[int]:
        return []  # the engine's, not ours: `clear` and `sweep` know them by their labels

    def versions(self) -> dict[str, str]:
        pins = images.pinned_versions()
        names = {part: pins[name] for part, name in DISTRIBUTIONS.items() if name in pins}
        names |= {"python": images.PYTHON, "postgres": images.POSTGRES_VERSION}
        return names | {"api": metadata.version("l7audit"), "docker": self._engine.version()}

    async def close(self) -> None:
        await asyncio.to_thread(self._engine.clear)
        self._engine.close()


def _names(folder: Path) -> tuple[tuple[str, str, bool], ...]:
    """Images know no user of this machine, and PostgreSQL asks what it is called."""
    file = folder / "passwd"
    file.write_text(f"l7audit:x:{os.getuid()}:{os.getgid()}::/:/usr/sbin/nologin\n")
    return ((str(file), "/etc/passwd", False),)


def argv_in_image(program: Program) -> tuple[str, ...]:
    """The program as it is called in an image, which has it on its path."""
    return (Path(program.argv[0]).name, *program.argv[1:])


def _placed(spec: Spec, component: Component, health: str) -> Spec:
    return replace(
        spec,
        environment={**spec.environment, "HEALTH": health},
        seat=component.seat,
        port=component.port,
        health=health,
    )
