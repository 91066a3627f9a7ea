"""Running the stack's parts as processes of this machine."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from l7audit_stack.deploy.children import Child, Programs
from l7audit_stack.deploy.commands import Command, Module, Program
from l7audit_stack.deploy.components.api import WARM_UP
from l7audit_stack.deploy.components.interface import Component
from l7audit_stack.deploy.forks import Forks
from l7audit_stack.deploy.privilege import Privilege
from l7audit_stack.deploy.wheels import versions


@dataclass(frozen=True)
class Processes:
    """Executables are started, modules are forked from a warm process."""

    tools: Programs
    forks: Forks

    @classmethod
    async def open(cls, logs: Path) -> Processes:
        """Set the nursery to work; does not wait for it."""
        programs = Programs(Privilege.choose())
        return cls(programs, await Forks.open(programs, logs / "nursery.log", WARM_UP))

    async def start(self, component: Component, log: Path) -> Child:
        return await self.launch(component.command(), log)

    async def launch(self, command: Command, log: Path) -> Child:
        if isinstance(command, Program):
            return self.tools.start(command, log)
        if command.alone:
            argv = (sys.executable, "-P", "-m", command.name, *command.arguments)
            return self.tools.start(Program(argv, command.environment), log)
        return await self.forks.start(command, log)

    async def run(self, module: Module, log: Path, out: Path) -> int:
        return await self.forks.run(module, log, out)

    def pids(self) -> list[int]:
        return [self.forks.nursery.pid]

    def versions(self) -> dict[str, str]:
        return versions()

    async def close(self) -> None:
        await self.forks.close()
