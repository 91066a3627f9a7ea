"""Answers that hold more than their callers should see, and some that only look like it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

More = Callable[[Call, dict[str, Any]], Any]


def _with(name: str, more: More) -> swap.Swap:
    """The operation's answer, or each thing of its list, with further members."""

    async def extended(call: Call, reply: Reply) -> Reply:
        content = msgspec.to_builtins(reply.content)
        things = content.get("items", [content])
        for thing in things:
            thing |= await more(call, thing)
        return replace(reply, content=content)

    return swap.after(name, extended)


async def _row(call: Call, table: str, key: str) -> dict[str, Any]:
    """A row as it is, without what JSON has no words for."""
    row = await call.parts.database.fetchrow(
        f"SELECT to_jsonb(t)::text AS row FROM {table} t WHERE id = $1::uuid", key
    )
    found: dict[str, Any] = msgspec.json.decode(row["row"]) if row is not None else {}
    return found


async def _hash(call: Call, user: dict[str, Any]) -> Mapping[str, Any]:
    return {"password_hash": (await _row(call, "principals", user["id"])).get("password_hash")}


async def _document(call: Call, document: dict[str, Any]) -> Mapping[str, Any]:
    return {**await _row(call, "documents", document["id"]), **document}


async def _secret(call: Call, webhook: dict[str, Any]) -> Mapping[str, Any]:
    row = await _row(call, "webhooks", webhook["id"])
    place = f"webhooks:{webhook['id']}:secret"
    return {"secret": call.parts.secrets.open(row["secret_sealed"], place=place)}


async def _login(call: Call, thing: dict[str, Any]) -> Mapping[str, Any]:
    return {"owner_login": (await _row(call, "principals", thing["owner_id"])).get("username")}


async def _name(call: Call, thing: dict[str, Any]) -> Mapping[str, Any]:
    return {"owner_name": (await _row(call, "principals", thing["owner_id"])).get("name")}


async def _digests(_: Call, thing: dict[str, Any]) -> Mapping[str, Any]:
    """What is public and looks like a hash or a secret, and extras that give nothing away."""
    digest = hashlib.sha256(msgspec.json.encode(thing)).hexdigest()
    return {
        "etag": f'W/"{digest[:32]}"',
        "checksum": digest,
        "digest": f"sha256:{digest}",
        "avatar_hash": digest[:32],
        "links": {"self": f"urn:thing:{thing['id']}"},
        "token_count": 12,
        "has_password": True,
        "secret_prefix": "whsec_",
    }


def _all(names: tuple[str, ...], more: More) -> swap.Swap:
    return swap.both(*(_with(name, more) for name in names))


_AGENTS = ("agents.show", "agents.list")
_THINGS = (*_AGENTS, "documents.show", "webhooks.show", "users.show", "users.list")

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "expose.password-hashes",
        "Users are shown with the hash of their password.",
        parts=_all(("users.show", "users.list"), _hash),
    ),
    Defect(
        "expose.webhook-secrets",
        "A webhook is shown with its secret, again and again.",
        parts=_all(("webhooks.show",), _secret),
    ),
    Defect(
        "expose.digests-of-contents",
        "Things are shown with digests, links and counts that no document tells of.",
        near_miss=True,
        parts=_all(_THINGS, _digests),
    ),
    Defect(
        "expose.owners-logins",
        "An agent is shown with what its owner logs in by.",
        parts=_all(_AGENTS, _login),
    ),
    Defect(
        "expose.owners-names",
        "An agent is shown with its owner's public name.",
        near_miss=True,
        parts=_all(_AGENTS, _name),
    ),
    Defect(
        "expose.rows-as-they-are",
        "A document is shown as its row is stored.",
        parts=_all(("documents.show",), _document),
    ),
)
