"""API keys: make, list, show, rotate with an overlap, revoke, and retire what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes.shapes import Name, caller, identifier
from l7audit_stack.api.security.policy import GRANTS, Reach
from l7audit_stack.api.security.retirement import retire_overdue_keys
from l7audit_stack.data.identities import KeyRow, PrincipalRow

Days = Annotated[int, msgspec.Meta(ge=1, le=366)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=604_800)]
Scope = Annotated[str, msgspec.Meta(max_length=60)]


class NewApiKey(Input, frozen=True):
    """A key to make, for the caller or (as admin) for `principal_id` of the tenant.

    Without `scopes` it may do what its principal may.
    """

    name: Name
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=50)] | None = None
    expires_in_days: Days | None = None
    principal_id: UUID | None = None


class Rotation(Input, frozen=True):
    """For how long the old key goes on working beside the new one; seconds, a day by default."""

    overlap_seconds: Seconds | None = None


class KeyQuery(Input, frozen=True):
    """Whose keys to list; for an admin all of the tenant's by default."""

    principal_id: UUID | None = None


class ApiKey(Output, frozen=True):
    """A key without its secret; `prefix` is how it begins."""

    id: UUID
    principal_id: UUID
    name: str
    prefix: str
    scopes: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    rotated_to: UUID | None
    rotation_due: bool
    rotation_due_at: datetime
    retires_at: datetime


class ApiKeyMade(ApiKey, frozen=True):
    """A key just made; `key` is shown this once."""

    key: str


class ApiKeys(Output, frozen=True):
    """Keys, newest first."""

    items: list[ApiKey]


class Retired(Output, frozen=True):
    """The keys that were ended because they were past their age and the grace."""

    retired: list[str]


def _shown(call: Call, row: KeyRow) -> dict[str, object]:
    rotation = call.parts.rotation
    return {
        "id": UUID(row.id),
        "principal_id": UUID(row.principal_id),
        "name": row.name,
        "prefix": f"l7_{row.lookup}",
        "scopes": None if row.scopes is None else list(row.scopes),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
        "rotated_to": None if row.rotated_to is None else UUID(row.rotated_to),
        "rotation_due": rotation.due(row, call.parts.clock()),
        "rotation_due_at": datetime.fromtimestamp(rotation.due_at(row), UTC),
        "retires_at": datetime.fromtimestamp(rotation.retires_at(row), UTC),
    }


async def create(call: Call) -> Reply:
    """Make a key; its text is in this answer and nowhere else."""
    new: NewApiKey = call.body
    parts = call.parts
    owner = await _owner(call, new.principal_id)
    scopes = _scopes(call, new.scopes, owner.role)
    fresh = parts.keys.make()
    expires = None
    if new.expires_in_days is not None:
        expires = _now(call) + timedelta(days=new.expires_in_days)
    row = await parts.identities.add_key(
        principal_id=owner.principal_id,
        name=new.name,
        lookup=fresh.lookup,
        digest=fresh.digest,
        scopes=scopes,
        expires_at=expires,
    )
    await _tell(call, "key.created", row, owner)
    made = msgspec.convert({**_shown(call, row), "key": fresh.text}, ApiKeyMade)
    return Reply(made, status=201, headers={"Location": f"/v1/keys/{row.id}"})


async def _owner(call: Call, principal_id: UUID | None) -> PrincipalRow:
    principal = caller(call)
    key = principal.id if principal_id is None else str(principal_id)
    row = await call.parts.identities.principal(key)
    if row is None:
        raise not_found("user")
    call.parts.policy.require(
        principal, "keys:write", owner=row.principal_id, tenant=row.tenant_id, what="user"
    )
    return row


def _scopes(call: Call, wanted: Sequence[str] | None, role: str) -> Sequence[str] | None:
    """What the key is narrowed to: never wider than the credential it is made with."""
    limit = caller(call).scopes
    if wanted is None:
        return None if limit is None else sorted(limit)
    granted = {name for name, reaches in GRANTS.items() if reaches.get(role, Reach.NONE)}
    if unknown := sorted(set(wanted) - granted):
        raise Problem(422, "scope-unknown", f"The principal does not have: {', '.join(unknown)}.")
    if limit is not None and not set(wanted) <= limit:
        raise Problem(403, "scope-too-wide", "A key can't be wider than the one it is made with.")
    return sorted(set(wanted))


async def index(call: Call) -> Reply:
    """The keys the caller may see."""
    query: KeyQuery = call.query
    principal, policy = caller(call), call.parts.policy
    owner = policy.owner_filter(principal, "keys:read")
    if query.principal_id is not None:
        if owner is not None and owner != str(query.principal_id):
            raise not_found("user")
        owner = str(query.principal_id)
    rows = await call.parts.identities.keys(tenant=principal.tenant, owner=owner)
    items = [msgspec.convert(_shown(call, row), ApiKey) for row, _ in rows]
    return Reply(ApiKeys(items=items))


async def show(call: Call) -> Reply:
    """One key."""
    row, _ = await _find(call, "keys:read")
    return Reply(msgspec.convert(_shown(call, row), ApiKey))


async def _find(call: Call, permission: str) -> tuple[KeyRow, PrincipalRow]:
    found = await call.parts.identities.key(str(identifier(call.path, "key_id", "key")))
    if found is None:
        raise not_found("key")
    row, owner = found
    call.parts.policy.require(
        caller(call), permission, owner=owner.principal_id, tenant=owner.tenant_id, what="key"
    )
    return row, owner


async def rotate(call: Call) -> Reply:
    """Make the key's successor; the old key works on until the overlap ends.

    Everybody may do that with a key of their own, also who may make no others: a program that is
    told that its key is due replaces it by itself.
    """
    wanted: Rotation = call.body
    parts = call.parts
    old, owner = await _find(call, "keys:rotate")
    limit = caller(call).scopes
    if limit is not None and (old.scopes is None or not set(old.scopes) <= limit):
        raise Problem(403, "scope-too-wide", "A key can't be wider than the one it is made with.")
    overlap = wanted.overlap_seconds
    if overlap is None:
        overlap = parts.rotation.overlap_seconds
    now = _now(call)
    fresh = parts.keys.make()
    lifetime = None if old.expires_at is None else old.expires_at - old.created_at
    row = await parts.identities.replace_key(
        old,
        lookup=fresh.lookup,
        digest=fresh.digest,
        expires_at=None if lifetime is None else now + lifetime,
        now=now,
        until=now + timedelta(seconds=overlap),
    )
    if row is None:
        raise Problem(409, "key-not-current", "The key has ended or has a successor already.")
    await parts.revocations.announce(owner.principal_id)
    await _tell(call, "key.rotated", row, owner)
    made = msgspec.convert({**_shown(call, row), "key": fresh.text}, ApiKeyMade)
    return Reply(made, status=201, headers={"Location": f"/v1/keys/{row.id}"})


async def revoke(call: Call) -> Reply:
    """End a key at once, on every replica."""
    row, owner = await _find(call, "keys:write")
    await call.parts.identities.revoke_key(row.id, _now(call))
    await call.parts.revocations.announce(owner.principal_id)
    await _tell(call, "key.revoked", row, owner)
    return Reply(status=204)


async def retire(call: Call) -> Reply:
    """End the tenant's keys that are past their age and grace, as the hourly round does."""
    principal = caller(call)
    retired = await retire_overdue_keys(
        call.parts, tenant=principal.tenant, actor=principal.id, request_id=call.request_id
    )
    return Reply(Retired(retired=list(retired)))


def _now(call: Call) -> datetime:
    return datetime.fromtimestamp(call.parts.clock(), UTC)


async def _tell(call: Call, action: str, row: KeyRow, owner: PrincipalRow) -> None:
    await call.parts.audit.record(
        call.parts.audit.event(
            action,
            actor=caller(call).id,
            tenant=owner.tenant_id,
            object=f"key:{row.id}",
            client=call.client,
            request_id=call.request_id,
        )
    )


def _operation(name: str, method: str, path: str, **fields: object) -> Operation:
    return Operation(name=f"keys.{name}", method=method, path=path, tag="keys", **fields)  # type: ignore[arg-type]


OPERATIONS: tuple[Operation, ...] = (
    _operation(
        "create",
        "POST",
        "/v1/keys",
        handler=create,
        summary="Make an API key; it is shown once.",
        permission="keys:write",
        body=NewApiKey,
        answer=ApiKeyMade,
        status=201,
    ),
    _operation(
        "list",
        "GET",
        "/v1/keys",
        handler=index,
        summary="List API keys, newest first.",
        permission="keys:read",
        query=KeyQuery,
        answer=ApiKeys,
    ),
    _operation(
        "retire",
        "POST",
        "/v1/keys/retire-overdue",
        handler=retire,
        summary="End the tenant's keys that are past their rotation age and grace.",
        permission="keys:rotate-due",
        answer=Retired,
    ),
    _operation(
        "show",
        "GET",
        "/v1/keys/{key_id}",
        handler=show,
        summary="Show an API key without its secret.",
        permission="keys:read",
        answer=ApiKey,
    ),
    _operation(
        "rotate",
        "POST",
        "/v1/keys/{key_id}/rotate",
        handler=rotate,
        summary="Replace an API key; the old one works on for the overlap.",
        permission="keys:rotate",
        body=Rotation,
        answer=ApiKeyMade,
        status=201,
    ),
    _operation(
        "revoke",
        "DELETE",
        "/v1/keys/{key_id}",
        handler=revoke,
        summary="Revoke an API key.",
        permission="keys:write",
        status=204,
    ),
)
