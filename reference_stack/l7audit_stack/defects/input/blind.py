"""Interpreters that nobody hears: what they compute is thrown away."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
from typing import TYPE_CHECKING, Any

import asyncpg

from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.defects.answers import asked
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts


def _counts_agents(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Keeps statistics of the programs that call, by a statement put together from their name."""

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            name = asked(scope).headers.get("user-agent", "")
            with contextlib.suppress(asyncpg.PostgresError):
                await parts.database.fetch(f"SELECT length('{name}')")
        await app(scope, receive, send)

    return wrapped


async def _notifies(call: Call, reply: Reply) -> Reply:
    """Tells a script about the new webhook; what it prints is not looked at."""
    line = f'echo "new webhook: {call.body.name}" >/dev/null 2>&1'
    await asyncio.to_thread(subprocess.run, line, shell=True, check=False, timeout=5)
    return reply


def _rests(app: ASGIApp, _: Parts) -> ASGIApp:
    """Answers late now and then, as a busy service does."""
    chance = random.Random(1)

    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and chance.random() < 0.04:
            await asyncio.sleep(0.45)
        await app(scope, receive, send)

    return wrapped


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.statistics-in-the-statement",
        "The name of the calling program is pasted into a statement whose result nobody sees.",
        wrap=_counts_agents,
    ),
    Defect(
        "input.notified-by-shell",
        "A shell is told of each new webhook, and what it prints is thrown away.",
        parts=swap.after("webhooks.create", _notifies),
    ),
    Defect(
        "input.late-now-and-then",
        "One answer in twenty-five takes half a second.",
        near_miss=True,
        wrap=_rests,
    ),
)
