"""Planted defects of the rotation of data keys."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.routes import data_keys
from l7audit_stack.api.security.resealing import reseal, rotate
from l7audit_stack.api.security.secrets import SecretBox
from l7audit_stack.defects.authn.swap import Swap, become
from l7audit_stack.defects.defect import Defect

_LATER = 0.5
_KEPT: set[asyncio.Task[object]] = set()


def _rotating(handler: Handler) -> Swap:
    def swap(parts: Parts) -> Parts:
        operations = tuple(
            replace(o, handler=handler) if o.name == "data-keys.rotate" else o
            for o in parts.operations
        )
        return replace(parts, operations=operations)

    return swap


def _told(kid: str, resealed: int = 0) -> Reply:
    told = data_keys.DataKeyRotation(id=kid, resealed=resealed, unreadable=0, retired=[])
    return Reply(told)


def _new_key(parts: Parts) -> str:
    kid = parts.data_keys.add()
    parts.data_keys.refresh()
    return kid


async def _switch_only(call: Call) -> Reply:
    return _told(_new_key(call.parts))


async def _leave_the_old(call: Call) -> Reply:
    kid = _new_key(call.parts)
    return _told(kid, await reseal(call.parts))


async def _later(call: Call) -> Reply:
    async def run() -> None:
        await asyncio.sleep(_LATER)
        await rotate(call.parts)

    task: asyncio.Task[object] = asyncio.create_task(run())
    _KEPT.add(task)
    task.add_done_callback(_KEPT.discard)
    return _told(call.parts.secrets.newest)


@dataclass(frozen=True)
class Misplaced(SecretBox):
    """Seals again for the row's table, and opens by the row."""

    def reseal(self, sealed: str, *, place: str) -> str:
        return self.seal(self.open(sealed, place=place), place=place.partition(":")[0])


def _misplaces(parts: Parts) -> Parts:
    return replace(parts, secrets=become(Misplaced, parts.secrets))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="crypt.rotation-for-new-rows-only",
        summary="A rotated data key seals what is stored from then on, and nothing else.",
        parts=_rotating(_switch_only),
    ),
    Defect(
        name="crypt.rotation-leaves-the-old-key",
        summary="A rotation seals everything anew, and the old key goes on opening.",
        parts=_rotating(_leave_the_old),
    ),
    Defect(
        name="crypt.rotation-loses-secrets",
        summary="What a rotation seals anew is bound to another place, and opens no more.",
        parts=_misplaces,
    ),
    Defect(
        name="crypt.rotation-a-moment-later",
        summary="A rotation is answered first and done half a second later.",
        near_miss=True,
        parts=_rotating(_later),
    ),
)
