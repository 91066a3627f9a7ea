"""The keys that sign access tokens: replace them while the service runs, and end one that leaked.

Private halves never leave the folder. A deployment that mounts it read-only changes keys there;
replicas notice either way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.provision import LEAD, add_signing_key
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.signing_keys import LEAST_LEAD, signer, signs_from

_MOST = 16
"""Each standing key is one more that a thief could use."""

T = TypeVar("T")
Lead = Annotated[int, msgspec.Meta(ge=LEAST_LEAD, le=604_800)]


class NewSigningKey(Input, frozen=True):
    """In how many seconds the key begins to sign; until then verifiers learn of it."""

    signs_in_seconds: Lead = int(LEAD)


class SigningKey(Output, frozen=True):
    """A key by its id, as the published keys name it. `published` is one whose time will come."""

    id: str
    state: Literal["published", "signing", "verifying"]
    signs_from: datetime


class SigningKeyList(Output, frozen=True):
    """The keys of which tokens may still be good, oldest first."""

    items: list[SigningKey]


def _listed(call: Call) -> list[SigningKey]:
    kids, now = list(call.parts.signing.private), call.parts.clock()
    current = signer(kids, now) if kids else ""
    return [
        SigningKey(
            id=kid,
            state="signing" if kid == current else "published" if kid > current else "verifying",
            signs_from=datetime.fromtimestamp(signs_from(kid), UTC),
        )
        for kid in kids
    ]


async def index(call: Call) -> Reply:
    """The standing keys."""
    return Reply(SigningKeyList(items=_listed(call)))


async def create(call: Call) -> Reply:
    """Make a key: published by every replica within a second, it signs when its time comes."""
    wanted: NewSigningKey = call.body
    signing = call.parts.signing
    if len(signing.private) >= _MOST:
        raise Problem(409, "too-many-keys", f"There are {_MOST} keys already: retire one first.")

    def add() -> str:
        return add_signing_key(signing.folder.parent, lead=float(wanted.signs_in_seconds))

    name = await _changed(add)
    signing.refresh()
    kid = name.removeprefix("jwt/").removesuffix(".pem")
    await _tell(call, "signing-key.created", kid)
    made = next(key for key in _listed(call) if key.id == kid)
    return Reply(made, status=201)


async def retire(call: Call) -> Reply:
    """End a key at once: it signs nothing, is published no more, and its tokens are refused."""
    kid, signing = call.path["key_id"], call.parts.signing
    if kid not in signing.private:
        raise not_found("signing key")
    if len(signing.private) == 1:
        raise Problem(409, "last-key", "This is the only key: make its successor first.")
    await _changed((signing.folder / f"{kid}.pem").unlink)
    signing.refresh()
    await _tell(call, "signing-key.retired", kid)
    return Reply(status=204)


async def _changed(change: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(change)
    except FileNotFoundError as error:
        raise not_found("signing key") from error
    except OSError as error:
        raise Problem(
            409, "keys-kept-elsewhere", "The key folder can't be written: change keys where it is."
        ) from error


async def _tell(call: Call, action: str, kid: str) -> None:
    await call.parts.audit.record(
        call.parts.audit.event(
            action,
            actor=caller(call).id,
            tenant=caller(call).tenant,
            object=f"signing-key:{kid}",
            client=call.client,
            request_id=call.request_id,
        )
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="signing-keys.list",
        method="GET",
        path="/v1/signing-keys",
        handler=index,
        summary="List the keys that sign and verify access tokens.",
        tag="signing keys",
        permission="signing-keys:read",
        answer=SigningKeyList,
    ),
    Operation(
        name="signing-keys.create",
        method="POST",
        path="/v1/signing-keys",
        handler=create,
        summary="Make the next key that signs access tokens.",
        tag="signing keys",
        permission="signing-keys:write",
        body=NewSigningKey,
        answer=SigningKey,
        status=201,
    ),
    Operation(
        name="signing-keys.retire",
        method="DELETE",
        path="/v1/signing-keys/{key_id}",
        handler=retire,
        summary="End a key that signs access tokens, and with it all of its tokens.",
        tag="signing keys",
        permission="signing-keys:write",
        status=204,
    ),
)
