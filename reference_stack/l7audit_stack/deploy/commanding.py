"""What a supervisor can be told to do while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from l7audit_stack.backups.recovery import POINT, Aim
from l7audit_stack.deploy.address import Address
from l7audit_stack.deploy.backing_up import back_up
from l7audit_stack.deploy.components.store import DATABASES
from l7audit_stack.deploy.control import Request
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.keeper import Keeper
from l7audit_stack.deploy.lanes import CORS_ORIGINS, Lane
from l7audit_stack.deploy.logs import last_lines
from l7audit_stack.deploy.restoring import Restores
from l7audit_stack.deploy.shared import Shared

OPENAPI_PATH = "/openapi.json"


class Commands:
    """The commands by name; each takes the named arguments of its method."""

    def __init__(
        self, shared: Shared, lane: Lane, timings: dict[str, float], stop: Callable[[], None]
    ) -> None:
        self._shared = shared
        self._lanes: dict[int, Lane] = {0: lane}
        self._timings = timings
        self._stop = stop
        self._restores = Restores()
        self._table: dict[str, Callable[..., Awaitable[Any]]] = {
            "status": self.status,
            "timings": self.timings,
            "versions": self.versions,
            "logs": self.logs,
            "restart": self.restart,
            "kill": self.kill,
            "pause": self.pause,
            "resume": self.resume,
            "address": self.address,
            "open_lane": self.open_lane,
            "variant": self.variant,
            "close_lane": self.close_lane,
            "backup": self.backup,
            "point": self.point,
            "restore": self.restore,
            "drop": self.drop,
            "shutdown": self.shutdown,
        }

    async def handle(self, request: Request) -> Any:
        """Carry out one request. Raises StackError for anything that can't be done."""
        command = self._table.get(request.do)
        if command is None:
            known = ", ".join(self._table)
            raise StackError(f"There is no command '{request.do}': use one of {known}.")
        try:
            awaitable = command(**request.arguments)
        except TypeError as error:
            raise StackError(f"'{request.do}' was asked for wrongly: {error}.") from None
        return await awaitable

    async def status(self) -> Any:
        return [keeper.status() for keeper in self._shared.keepers.values()]

    async def timings(self) -> dict[str, float]:
        return self._timings

    async def versions(self) -> dict[str, str]:
        return self._shared.runner.versions()

    async def logs(self, name: str, lines: int = 20) -> str:
        known = {path.stem: path for path in self._shared.logs.glob("*.log")}
        if name not in known:
            raise StackError(f"There is no log '{name}': choose from {', '.join(sorted(known))}.")
        return last_lines(known[name], lines)

    async def restart(self, name: str) -> None:
        await self._keeper(name).restart()
        self._shared.record_processes()

    async def kill(self, name: str) -> None:
        await self._keeper(name).kill()

    async def pause(self, name: str) -> None:
        await self._keeper(name).pause()

    async def resume(self, name: str) -> None:
        await self._keeper(name).resume()

    async def address(self, lane: int = 0) -> Address:
        return self._address(self._lane(lane))

    async def open_lane(self, replicas: int = 1) -> int:
        if replicas < 1:
            raise StackError("A lane needs at least one API replica.")
        number = next((n for n in range(DATABASES) if n not in self._lanes), None)
        if number is None:
            raise StackError(f"All {DATABASES} lanes are open: close one first.")
        lane = self._lanes[number] = Lane(number, self._shared)
        async with lane.turn:
            try:
                await lane.prepare(replicas)
                await asyncio.gather(lane.start_replicas(), lane.start_edge())
            except BaseException:
                await self._forget(lane)
                raise
        self._shared.record_processes()
        return number

    async def variant(self, lane: int, defects: list[str], fresh_data: bool = False) -> Address:
        chosen = self._lane(lane)
        async with chosen.turn:
            await self._restores.drop(chosen)
            await chosen.switch(tuple(defects), fresh_data=fresh_data)
        self._shared.record_processes()
        return self._address(chosen)

    async def close_lane(self, lane: int) -> None:
        if lane == 0:
            raise StackError("Lane 0 is the stack itself: shut the stack down instead.")
        chosen = self._lane(lane)
        async with chosen.turn:
            await self._forget(chosen)

    async def backup(self, lane: int, deed: str, arguments: list[str]) -> Any:
        chosen = self._lane(lane)
        async with chosen.turn:
            return await back_up(chosen, deed, arguments)

    async def point(self, lane: int, name: str) -> None:
        if not POINT.fullmatch(name):
            raise StackError(f"'{name}' is no name of a point: use letters, digits, _, . and -.")
        chosen, shared = self._lane(lane), self._shared
        if not chosen.archiving.on:
            raise StackError("Nothing is archived yet that a point could lie in: take a backup.")
        # The segment ends there, so that all up to the point is archived whole.
        statement = f"SELECT pg_create_restore_point('{name}'), pg_switch_wal()"
        await shared.postgres.execute(shared.runner.tools, shared.log("database"), statement)

    async def restore(self, lane: int, aim: dict[str, str]) -> Any:
        chosen = self._lane(lane)
        async with chosen.turn:
            return await self._restores.restore(chosen, msgspec.convert(aim, Aim))

    async def drop(self, lane: int) -> None:
        chosen = self._lane(lane)
        async with chosen.turn:
            await self._restores.drop(chosen)

    async def shutdown(self) -> None:
        self._stop()

    async def end(self) -> None:
        """Stop what would take the components' end for a fault."""
        await asyncio.gather(*(lane.archiving.stop() for lane in self._lanes.values()))

    async def _forget(self, lane: Lane) -> None:
        del self._lanes[lane.number]
        await self._restores.drop(lane)
        await lane.close()

    def _keeper(self, name: str) -> Keeper:
        keeper = self._shared.keepers.get(name)
        if keeper is None:
            known = ", ".join(self._shared.keepers)
            raise StackError(f"There is no component '{name}': choose from {known}.")
        return keeper

    def _lane(self, number: int) -> Lane:
        lane = self._lanes.get(number)
        if lane is None:
            known = ", ".join(str(known) for known in self._lanes)
            raise StackError(f"There is no lane {number}: open are {known}.")
        return lane

    def _address(self, lane: Lane) -> Address:
        shared, edge = self._shared, lane.edge_component
        return Address(
            base_url=edge.endpoint,
            replicas=tuple(keeper.component.endpoint for keeper in lane.replicas),
            ca_file=shared.certificates.authority,
            identities=[] if shared.seed is None else shared.seed.identities,
            secrets_dir=lane.secrets_dir,
            files_dir=lane.files_dir,
            store_url=shared.store.url(lane.number),
            database_url=shared.postgres.url(lane.database),
            llm_url=shared.llm.endpoint,
            openapi_url=f"{edge.endpoint}{OPENAPI_PATH}",
            cors_origins=CORS_ORIGINS,
            receiver=lane.receiver,
            components=tuple(keeper.component.name for keeper in lane.replicas),
            resolver=lane.resolver,
            logs=(*(keeper.log for keeper in lane.replicas), edge.access_log),
            defects=lane.defects,
            lane=lane.number,
        )
