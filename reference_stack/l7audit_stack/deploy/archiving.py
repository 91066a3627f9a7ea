"""The archiving of WAL into one lane's repository: PostgreSQL's receiver, and what seals its files.

It begins with the lane's first backup, since WAL is of use to nobody without one to go on from; so
a stack that takes none pays nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

from l7audit_stack.deploy.commands import Module, Program
from l7audit_stack.deploy.components.postgres import BACKUP_ROLE, BINARIES, PACKAGE
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.logs import last_lines
from l7audit_stack.deploy.runner import Running
from l7audit_stack.deploy.shared import Shared

STREAMING = "starting log streaming"
START_SECONDS = 20.0
_AGAIN = 0.2
_PAUSE = 0.01


@dataclass
class Archiving:
    """The two processes. `received` is a private folder for what is not sealed yet."""

    shared: Shared
    name: str
    received: Path
    _receiver: Running | None = None
    _sealer: Running | None = None
    _watch: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def on(self) -> bool:
        """Whether it has begun."""
        return self._watch is not None and not self._watch.done()

    async def start(self, sealer: Module) -> None:
        """Begin, if it has not begun: what is written from then on is archived. Raises
        StackError."""
        if self.on:
            return
        await self.stop()
        self.received.mkdir(mode=0o700)
        log = self.shared.log(self.name)
        since = log.stat().st_size if log.exists() else 0
        self._watch = asyncio.create_task(self._keep(sealer, log))
        try:
            async with asyncio.timeout(START_SECONDS):
                while STREAMING not in last_lines(log, since=since):
                    await asyncio.sleep(_PAUSE)
        except TimeoutError:
            await self.stop()
            raise StackError(
                "The WAL can't be archived, so a backup would end with itself. "
                f"Last log lines:\n{last_lines(log, since=since)}"
            ) from None

    async def stop(self) -> None:
        """End it, and forget what was not sealed."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        for child in (self._receiver, self._sealer):
            if child is not None and child.alive:
                child.send_tree(signal.SIGKILL)
                await child.exited
        shutil.rmtree(self.received, ignore_errors=True)

    async def _keep(self, sealer: Module, log: Path) -> None:
        """Whichever of the two ends, as the receiver does when the server is started anew, goes on
        where it was."""
        while True:
            if self._receiver is None or not self._receiver.alive:
                self._receiver = await self.shared.runner.launch(self._receiving(), log)
            if self._sealer is None or not self._sealer.alive:
                self._sealer = await self.shared.runner.launch(sealer, log)
            ends = [self._receiver.exited, self._sealer.exited]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(_AGAIN)

    def _receiving(self) -> Program:
        postgres = self.shared.postgres
        return Program(
            (
                f"{BINARIES}/pg_receivewal",
                *("-h", str(postgres.data.parent), "-p", str(postgres.port), "-U", BACKUP_ROLE),
                *("-D", str(self.received), "--no-password", "--no-loop", "--no-sync", "-v"),
            ),
            {"PGCONNECT_TIMEOUT": "5"},
            package=PACKAGE,
        )
