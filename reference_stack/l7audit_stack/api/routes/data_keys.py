"""The keys that seal secrets at rest: which there are, and rotation, which seals everything anew.

Their bytes never leave the folder. A deployment that mounts it read-only adds keys there; what is
stale is then sealed again within the hour.
"""

from __future__ import annotations

from typing import Literal

from l7audit_stack.api.operation import Call, Operation, Output, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.resealing import KeysKeptElsewhereError
from l7audit_stack.api.security.resealing import rotate as rotate_keys


class DataKey(Output, frozen=True):
    """A key by its id, as sealed fields name it."""

    id: str
    state: Literal["sealing", "opening"]


class DataKeyList(Output, frozen=True):
    """The keys that replicas hold, oldest first."""

    items: list[DataKey]


class DataKeyRotation(Output, frozen=True):
    """The key that seals from now on, how many secrets it sealed again, how many could not be
    opened and stay as they are, and the keys that open nothing any more."""

    id: str
    resealed: int
    unreadable: int
    retired: list[str]


async def index(call: Call) -> Reply:
    """The standing keys."""
    box = call.parts.secrets
    return Reply(
        DataKeyList(
            items=[
                DataKey(id=kid, state="sealing" if kid == box.newest else "opening")
                for kid in box.keys
            ]
        )
    )


async def rotate(call: Call) -> Reply:
    """Make a key, seal every stored secret with it, and retire the older ones."""
    try:
        done = await rotate_keys(call.parts)
    except KeysKeptElsewhereError as error:
        raise Problem(
            409, "keys-kept-elsewhere", "The key folder can't be written: add keys where it is."
        ) from error
    await call.parts.audit.record(
        call.parts.audit.event(
            "data-key.rotated",
            actor=caller(call).id,
            tenant=caller(call).tenant,
            object=f"data-key:{done.kid}",
            client=call.client,
            request_id=call.request_id,
        )
    )
    return Reply(
        DataKeyRotation(
            id=done.kid,
            resealed=done.resealed,
            unreadable=done.unreadable,
            retired=list(done.retired),
        )
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="data-keys.list",
        method="GET",
        path="/v1/data-keys",
        handler=index,
        summary="List the keys that seal secrets at rest.",
        tag="data keys",
        permission="data-keys:read",
        answer=DataKeyList,
    ),
    Operation(
        name="data-keys.rotate",
        method="POST",
        path="/v1/data-keys/rotate",
        handler=rotate,
        summary="Seal every stored secret with a new key, and retire the older ones.",
        tag="data keys",
        permission="data-keys:write",
        answer=DataKeyRotation,
    ),
)
