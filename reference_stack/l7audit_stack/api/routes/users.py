"""The users of a tenant, for its admin: list, make, change the role, deactivate and reactivate.

A user is never deleted: what they made and the audit log go on naming them.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.owned import OwnedTable
from l7audit_stack.api.paging import PageQuery, next_cursor
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes.passwords import admit
from l7audit_stack.api.routes.shapes import END, caller, identifier

Role = Literal["viewer", "member", "admin"]
"""The roles an admin may give; that of the platform's operators is not among them."""

Tier = Literal["free", "enterprise"]

_COLUMNS = "id, name, username, kind, role, tier, disabled_at IS NULL AS active, created_at"
_USERS = OwnedTable("principals", _COLUMNS, "user", owner="id")


class NewUser(Input, frozen=True):
    """A user to make. Without a `password`, one is made and shown once."""

    name: Annotated[
        str, msgspec.Meta(min_length=2, max_length=40, pattern=r"^[a-z0-9][a-z0-9._-]+" + END)
    ]
    role: Role = "viewer"
    password: (
        Annotated[str, msgspec.Meta(min_length=12, max_length=128, pattern=r"^[^\x00]*$")] | None
    ) = None


class UserChange(Input, frozen=True):
    """What to change of a user; what is left out stays."""

    role: Role | None = None
    active: bool | None = None


class User(Output, frozen=True):
    """A user or service account. `username` is what a user logs in with."""

    id: UUID
    name: str
    username: str | None
    kind: Literal["user", "service"]
    role: str
    tier: Tier
    active: bool
    created_at: datetime


class UserMade(User, frozen=True):
    """A user just made; `password` is null where the caller chose it."""

    password: str | None


class UserPage(Output, frozen=True):
    """Users, newest first; `next_cursor` asks for what follows."""

    items: list[User]
    next_cursor: str | None


def _user(row: Any) -> User:
    return User(**{name: row[name] for name in User.__struct_fields__})


async def create(call: Call) -> Reply:
    """Make a user of the caller's tenant, in the caller's tier."""
    new: NewUser = call.body
    principal = caller(call)
    if new.password is not None:
        admit(call, new.password)
    password = new.password or secrets.token_urlsafe(24)
    digest = await asyncio.to_thread(call.parts.passwords.hash, password)
    try:
        row = await call.parts.database.fetchrow(
            "INSERT INTO principals (tenant_id, name, kind, role, tier, username, password_hash)"
            f" VALUES ($1::uuid, $2, 'user', $3, $4, $5, $6) RETURNING {_COLUMNS}",
            principal.tenant,
            new.name,
            new.role,
            principal.tier,
            # With the tenant's name in it, a taken name tells nothing about other tenants.
            f"{new.name}@{principal.tenant_name}",
            digest,
        )
    except asyncpg.UniqueViolationError:
        raise Problem(409, "name-taken", "The tenant has a user of that name.") from None
    await _tell(call, "user.create", row["id"])
    fields = {name: row[name] for name in User.__struct_fields__}
    return Reply(
        UserMade(**fields, password=None if new.password else password),
        status=201,
        headers={"Location": f"/v1/users/{row['id']}"},
    )


async def index(call: Call) -> Reply:
    """One page of the tenant's users."""
    query: PageQuery = call.query
    rows = await _USERS.page(call, query, "users:read")
    items = [_user(row) for row in rows[: query.limit]]
    return Reply(UserPage(items=items, next_cursor=next_cursor(rows, query.limit)))


async def show(call: Call) -> Reply:
    """One user."""
    key = identifier(call.path, "user_id", "user")
    return Reply(_user(await _USERS.find(call, key, "users:read")))


async def change(call: Call) -> Reply:
    """Change a user's role, or whether they may come in."""
    new: UserChange = call.body
    row = await _change(call, new.role, new.active)
    await _tell(call, "user.change", row["id"])
    return Reply(_user(row))


async def deactivate(call: Call) -> Reply:
    """Keep a user out: their keys and tokens stop working."""
    row = await _change(call, None, False)
    await _tell(call, "user.deactivate", row["id"])
    return Reply(status=204)


async def _change(call: Call, role: str | None, active: bool | None) -> Any:
    key = identifier(call.path, "user_id", "user")
    found = await _USERS.find(call, key, "users:write")
    if found["role"] == "operator" or str(key) == caller(call).id:
        # An admin who locks themselves out could leave the tenant without any.
        raise Problem(403, "user-fixed", "Admins change neither themselves nor operators.")
    row = await call.parts.database.fetchrow(
        "UPDATE principals SET role = COALESCE($2, role), disabled_at = CASE"
        " WHEN $3::boolean IS NULL THEN disabled_at WHEN $3 THEN NULL"
        " ELSE COALESCE(disabled_at, now()) END"
        f" WHERE id = $1 RETURNING {_COLUMNS}",
        key,
        role,
        active,
    )
    if row is None:
        raise not_found("user")
    # Replicas remember who a credential belongs to: from now on they look again.
    await call.parts.revocations.announce(str(key))
    return row


async def _tell(call: Call, action: str, key: UUID) -> None:
    principal = caller(call)
    await call.parts.audit.record(
        call.parts.audit.event(
            action,
            actor=principal.id,
            tenant=principal.tenant,
            object=f"user:{key}",
            client=call.client,
            request_id=call.request_id,
        )
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="users.create",
        method="POST",
        path="/v1/users",
        handler=create,
        summary="Make a user of the tenant.",
        tag="users",
        permission="users:write",
        body=NewUser,
        answer=UserMade,
        status=201,
    ),
    Operation(
        name="users.list",
        method="GET",
        path="/v1/users",
        handler=index,
        summary="List the tenant's users and service accounts, newest first.",
        tag="users",
        permission="users:read",
        query=PageQuery,
        answer=UserPage,
    ),
    Operation(
        name="users.show",
        method="GET",
        path="/v1/users/{user_id}",
        handler=show,
        summary="Show a user.",
        tag="users",
        permission="users:read",
        answer=User,
    ),
    Operation(
        name="users.change",
        method="PATCH",
        path="/v1/users/{user_id}",
        handler=change,
        summary="Change a user's role, or whether they are active.",
        tag="users",
        permission="users:write",
        body=UserChange,
        answer=User,
    ),
    Operation(
        name="users.deactivate",
        method="DELETE",
        path="/v1/users/{user_id}",
        handler=deactivate,
        summary="Deactivate a user.",
        tag="users",
        permission="users:write",
        status=204,
    ),
)
