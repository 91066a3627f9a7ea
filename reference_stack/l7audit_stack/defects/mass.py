"""Planted defects of mass assignment: members beyond the schema that reach the row."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Reply
from l7audit_stack.api.security.bodies import BodyReader
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_EXTRA: contextvars.ContextVar[Mapping[str, Any]] = contextvars.ContextVar("extra")

_WORDS = frozenset({
    "role", "roles", "is_admin", "admin", "permissions", "is_staff", "tier", "kind", "username",
    "owner_id", "user_id", "owner", "created_by", "author_id", "tenant_id", "org_id",
    "organization_id", "tenant", "workspace_id", "principal_id", "verified", "is_verified",
    "approved", "status", "active", "balance", "credits", "id", "created_at", "updated_at",
    "staff_preview",
})  # fmt: skip
"""What a binder may know columns for."""


@dataclass(frozen=True)
class Binding(BodyReader):
    """Takes members of these names whether or not a shape declares them, nested ones too."""

    names: Collection[str] = ()

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        _EXTRA.set({})
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            return super().json(raw, shape)
        if not isinstance(value, dict):
            return super().json(raw, shape)
        declared = set(shape.__struct_fields__)
        extra = {n: v for n, v in value.items() if n in self.names and n not in declared}
        rest = {n: v for n, v in value.items() if n not in extra}
        nested = rest.get("preferences")
        if isinstance(nested, dict) and "preferences" in declared:
            extra |= {n: v for n, v in nested.items() if n in self.names}
            rest["preferences"] = {n: v for n, v in nested.items() if n not in self.names}
        if not extra:
            return super().json(raw, shape)
        _EXTRA.set(extra)
        return super().json(msgspec.json.encode(rest), shape)


def _binding(*names: str) -> swap.Swap:
    def swapped(parts: Parts) -> Parts:
        return replace(parts, bodies=become(Binding, parts.bodies, names=frozenset(names)))

    return swapped


_KINDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "id": ("uuid", UUID),
    "owner_id": ("uuid", UUID),
    "tenant_id": ("uuid", UUID),
    "created_at": ("timestamptz", datetime.fromisoformat),
    "tier": ("text", str),
    "role": ("text", str),
    "staff_preview": ("boolean", bool),
    "verified": ("boolean", bool),
}

_KNOWN = {"tier": ("free", "enterprise"), "role": ("viewer", "member", "admin", "operator")}


async def _written(call: Call, reply: Reply, table: str) -> Reply:
    """The row gets what else was sent, and the answer shows it."""
    key = reply.content.id
    shown: dict[str, Any] = {}
    for name, value in _EXTRA.get({}).items():
        cast, read = _KINDS[name]
        try:
            typed = read(value)
        except (TypeError, ValueError, AttributeError):
            continue
        if typed not in _KNOWN.get(name, (typed,)):
            continue
        await call.parts.database.execute(
            f"UPDATE {table} SET {name} = $2::{cast} WHERE id = $1", key, typed
        )
        if name == "id":
            key = typed
        if name in type(reply.content).__struct_fields__:
            shown[name] = typed
    return replace(reply, content=msgspec.structs.replace(reply.content, **shown))


def _row(operation: str, table: str, *names: str) -> swap.Swap:
    """Binds these members to the row that an operation writes."""

    def write(call: Call, reply: Reply) -> Any:
        return _written(call, reply, table)

    return swap.both(_binding(*names), swap.after(operation, write))


def _echo(_: Call, reply: Reply) -> Reply:
    """The answer repeats what was sent."""
    extra = _EXTRA.get({})
    if not extra:
        return reply
    return replace(reply, content={**msgspec.to_builtins(reply.content), **extra})


def _wrapped(_: Call, reply: Reply) -> Reply:
    """The answer within a member, as many frameworks give it."""
    return replace(reply, content={"data": msgspec.to_builtins(reply.content)})


_WRAPPED = swap.both(*(swap.after(name, _wrapped) for name in ("account.show", "account.change")))

_ECHOING = (
    "agents.create", "agents.change", "users.create", "users.change", "webhooks.create",
    "account.change", "keys.create",
)  # fmt: skip

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "mass.tier-with-the-user",
        "Who makes a user may name the tier, too, whatever his own is.",
        parts=_row("users.create", "principals", "tier"),
    ),
    Defect(
        "mass.owner-with-the-agent",
        "An agent is made for whoever the body names.",
        parts=_row("agents.create", "agents", "owner_id", "tenant_id"),
    ),
    Defect(
        "mass.verified-with-the-webhook",
        "A webhook counts as verified where the request that makes it says so.",
        parts=_row("webhooks.create", "webhooks", "verified"),
    ),
    Defect(
        "mass.dates-from-the-body",
        "An agent is as old as a change of it says.",
        parts=_row("agents.change", "agents", "created_at"),
    ),
    Defect(
        "mass.id-from-the-body",
        "An agent has the id that was sent along.",
        parts=_row("agents.create", "agents", "id"),
    ),
    Defect(
        "mass.role-in-the-own-account",
        "The change of one's own account is bound to the row, role and tier included.",
        parts=_row("account.change", "principals", "role", "tier"),
    ),
    Defect(
        "mass.preferences-merged",
        "Preferences are merged as they come, with what the platform decides among them.",
        parts=_row("account.change", "principals", "staff_preview"),
    ),
    Defect(
        "mass.role-in-a-wrapped-account",
        "An account is shown within `data`, and its change is bound to the row, role included.",
        parts=swap.both(_row("account.change", "principals", "role"), _WRAPPED),
    ),
    Defect(
        "mass.wrapped-account-echoes",
        "An account is shown within `data`; a change repeats what was sent and keeps nothing.",
        near_miss=True,
        parts=swap.both(_binding(*_WORDS), swap.after("account.change", _echo), _WRAPPED),
    ),
    Defect(
        "mass.echoes-what-was-sent",
        "Unknown members are repeated in the answer and kept nowhere.",
        near_miss=True,
        parts=swap.both(_binding(*_WORDS), *(swap.after(name, _echo) for name in _ECHOING)),
    ),
)
