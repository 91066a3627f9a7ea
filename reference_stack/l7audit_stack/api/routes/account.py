"""The caller's own account: what they say of themselves beside what the service decides.

Role, tier and preview are shown and never taken from here: an admin or the platform sets them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.problems import not_found
from l7audit_stack.api.routes.shapes import END, caller
from l7audit_stack.api.routes.users import Tier

_COLUMNS = (
    "id, username, display_name, kind, role, tier, language, time_zone, staff_preview, created_at"
)

DisplayName = Annotated[str, msgspec.Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*" + END)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?" + END, max_length=5)]
TimeZone = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}" + END, max_length=60)
]


class NewPreferences(Input, frozen=True):
    """Preferences to change; what is left out stays."""

    language: Language | None = None
    time_zone: TimeZone | None = None


class AccountChange(Input, frozen=True):
    """What to change of the caller's account; what is left out stays."""

    display_name: DisplayName | None = None
    preferences: NewPreferences | None = None


class Preferences(Output, frozen=True):
    """How the caller likes to be served; `staff_preview` is the platform's to set."""

    language: str
    time_zone: str
    staff_preview: bool


class Account(Output, frozen=True):
    """The caller's account. `username` is what a user logs in with."""

    id: UUID
    username: str | None
    display_name: str
    kind: Literal["user", "service"]
    role: str
    tier: Tier
    preferences: Preferences
    created_at: datetime


def _account(row: Any) -> Account:
    preferences = Preferences(**{n: row[n] for n in Preferences.__struct_fields__})
    named = {n: row[n] for n in Account.__struct_fields__ if n != "preferences"}
    return Account(**named, preferences=preferences)


async def show(call: Call) -> Reply:
    """The caller's account."""
    row = await call.parts.database.fetchrow(
        f"SELECT {_COLUMNS} FROM principals WHERE id = $1::uuid", caller(call).id
    )
    if row is None:
        raise not_found("account")
    return Reply(_account(row))


async def change(call: Call) -> Reply:
    """Change what the caller says of themselves."""
    new: AccountChange = call.body
    preferences = new.preferences or NewPreferences()
    row = await call.parts.database.fetchrow(
        "UPDATE principals SET display_name = COALESCE($2, display_name),"
        " language = COALESCE($3, language), time_zone = COALESCE($4, time_zone)"
        f" WHERE id = $1::uuid RETURNING {_COLUMNS}",
        caller(call).id,
        new.display_name,
        preferences.language,
        preferences.time_zone,
    )
    if row is None:
        raise not_found("account")
    return Reply(_account(row))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="account.show",
        method="GET",
        path="/v1/account",
        handler=show,
        summary="Show the caller's account and preferences.",
        tag="identity",
        permission="account:read",
        answer=Account,
    ),
    Operation(
        name="account.change",
        method="PATCH",
        path="/v1/account",
        handler=change,
        summary="Change the caller's display name and preferences.",
        tag="identity",
        permission="account:write",
        body=AccountChange,
        answer=Account,
    ),
)
