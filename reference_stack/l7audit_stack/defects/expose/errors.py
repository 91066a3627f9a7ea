"""Errors that tell of the inside."""

from __future__ import annotations

import dataclasses
import html
import traceback
from typing import TYPE_CHECKING

import msgspec

from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.api.problems import Problem, ProblemRenderer
from l7audit_stack.api.routes import agents
from l7audit_stack.api.routes.shapes import identifier
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_OF_INPUT = {400, 415, 422}


class Traced(ProblemRenderer):
    """Helps developers: an error over input says where it was raised."""

    def render(self, problem: Problem, request_id: str) -> Reply:
        reply = super().render(problem, request_id)
        if problem.status not in _OF_INPUT:
            return reply
        document = msgspec.json.decode(reply.content)
        document["trace"] = traceback.format_exception(problem)
        return dataclasses.replace(reply, content=msgspec.json.encode(document))


class Paged(ProblemRenderer):
    """A page for developers takes the place of an error over a media type."""

    def render(self, problem: Problem, request_id: str) -> Reply:
        reply = super().render(problem, request_id)
        if problem.status != 415:
            return reply
        told = html.escape("".join(traceback.format_exception(problem)))
        page = f"<!doctype html><title>Starlette Debugger</title><pre>{told}</pre>"
        return dataclasses.replace(
            reply, content=page.encode(), media_type="text/html; charset=utf-8"
        )


def _rendered(kind: type[ProblemRenderer]) -> swap.Swap:
    def swapped(parts: Parts) -> Parts:
        return dataclasses.replace(parts, problems=kind())

    return swapped


async def _asks_the_database(call: Call) -> Reply:
    """Leaves it to the database to say what is no id, and repeats what it says."""
    text = call.path["agent_id"]
    statement = "SELECT id, owner_id, tenant_id FROM agents WHERE id = $1::uuid"
    try:
        await call.parts.database.fetchrow(statement, text)
    except Exception as error:
        if type(error).__module__.startswith("asyncpg"):
            said = f"{type(error).__module__}.{type(error).__name__}: {error}; in {statement}"
            raise Problem(400, "query-failed", said) from None
        raise
    identifier(call.path, "agent_id", "agent")
    return await agents.show(call)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "expose.errors-with-traces",
        "An error over input says where in the code it was raised.",
        parts=_rendered(Traced),
    ),
    Defect(
        "expose.errors-with-statements",
        "What the database says of an id is repeated, with the statement.",
        parts=swap.handler("agents.show", _asks_the_database),
    ),
    Defect(
        "expose.debug-page",
        "An unknown media type is answered with a page for developers.",
        parts=_rendered(Paged),
    ),
)
