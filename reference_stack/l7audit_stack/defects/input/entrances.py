"""Logins whose name or password becomes part of a query."""

from __future__ import annotations

import contextvars
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from l7audit_stack.api.operation import Call, Input, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import auth
from l7audit_stack.api.security.bodies import BodyReader
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_ASKED: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("asked")


async def logs_in_by_text(call: Call) -> Reply:
    """Passwords from before they were hashed are compared in the statement."""
    wanted: auth.Login = call.body
    try:
        return await auth.login(call)
    except Problem:
        statement = (
            f"SELECT username FROM principals WHERE username = '{wanted.username}'"
            f" AND password_hash = '{wanted.password}' LIMIT 1"
        )
        try:
            row = await call.parts.database.fetchrow(statement)
        except asyncpg.PostgresError:
            row = None
        if row is None:
            raise
    return await _let_in(call, row["username"])


class Operators(BodyReader):
    """The password of a login may be an object."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        _ASKED.set({})
        if shape is auth.Login:
            try:
                value = msgspec.json.decode(raw, type=dict[str, Any])
            except msgspec.MsgspecError:
                return super().json(raw, shape)
            if isinstance(value.get("password"), dict):
                _ASKED.set(value["password"])
                raw = msgspec.json.encode({**value, "password": "an operator"})
        return super().json(raw, shape)


async def fits_an_operator(call: Call) -> Reply:
    """What is kept is compared by whatever operator the password names."""
    asked = _ASKED.get({})
    found = await call.parts.identities.user_by_username(call.body.username) if asked else None
    if found is None or not ("$ne" in asked or "$gt" in asked):
        return await auth.login(call)
    return await _let_in(call, call.body.username)


async def _let_in(call: Call, username: str) -> Reply:
    found = await call.parts.identities.user_by_username(username)
    assert found is not None  # the statement found it
    return await auth._issue(call, "login", found[0], None)


def _operators(parts: Parts) -> Parts:
    parts = swap.handler("auth.login", fits_an_operator)(parts)
    return replace(parts, bodies=become(Operators, parts.bodies))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.login-in-the-statement",
        "The name and the password of a login are pasted into a statement.",
        parts=swap.handler("auth.login", logs_in_by_text),
    ),
    Defect(
        "input.operators-at-login",
        "The password of a login may be an operator.",
        parts=_operators,
    ),
)
