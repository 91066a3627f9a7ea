"""Restores of a lane's backups into a scratch database: a server of its own, one at a time.

Nothing is ever restored over the database that runs.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from l7audit_stack.backups.interface import Prepared, Restored
from l7audit_stack.backups.recovery import Aim
from l7audit_stack.deploy.backing_up import back_up
from l7audit_stack.deploy.components.postgres import release_shared_memory
from l7audit_stack.deploy.components.scratch import Scratch
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.keeper import Keeper
from l7audit_stack.deploy.lanes import Lane

_NOT_REACHED = "recovery ended before configured recovery target was reached"


@dataclass
class Restores:
    """The scratch databases of all lanes."""

    _keepers: dict[int, Keeper] = field(default_factory=dict)

    async def restore(self, lane: Lane, aim: Aim) -> Restored:
        """Restore to there, in place of what was restored before. Raises StackError, and then
        nothing of it is left."""
        began = time.monotonic()
        await self.drop(lane)
        folder = _folder(lane)
        folder.mkdir(mode=0o700, parents=True)
        try:
            words = (msgspec.json.encode(aim).decode(), str(folder / "data"))
            told = await back_up(lane, "prepare", words)
            prepared = msgspec.convert(told, Prepared)
            keeper = await self._started(lane, aim, folder / "data")
        except BaseException:
            await self.drop(lane)
            raise
        return Restored(
            url=lane.shared.postgres.url(lane.database, keeper.component.port),
            folder=str(folder),
            seconds=round(time.monotonic() - began, 3),
            backup=prepared.backup,
            segments=prepared.segments,
            archived_to=prepared.archived_to,
        )

    async def drop(self, lane: Lane) -> None:
        """Remove what was restored, if anything was."""
        keeper, shared = self._keepers.pop(lane.number, None), lane.shared
        if keeper is not None:
            await keeper.stop()
            del shared.keepers[keeper.component.name]
            shared.ports.give_back(keeper.component.port)
            release_shared_memory(_folder(lane) / "data")
        shutil.rmtree(_folder(lane), ignore_errors=True)

    async def _started(self, lane: Lane, aim: Aim, data: Path) -> Keeper:
        shared = lane.shared
        scratch = Scratch(data, shared.ports.take(), lane.name("scratch"))
        keeper = self._keepers[lane.number] = shared.keep(scratch)
        try:
            await keeper.start()
        except StackError as error:
            if _NOT_REACHED in str(error):
                raise StackError(
                    f"What is archived ends before {aim.told()}, or holds nothing after it: "
                    "restore the latest instead."
                    if aim.time
                    else f"What is archived does not hold {aim.told()}."
                ) from None
            raise
        return keeper


def _folder(lane: Lane) -> Path:
    return lane.shared.home.folder / "scratch" / str(lane.number)
