"""Parts and actions of an object that ask less than the object itself."""

from __future__ import annotations

import dataclasses
from uuid import UUID

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import agents
from l7audit_stack.api.routes.shapes import identifier
from l7audit_stack.defects.authz.swap import Everybody, deciding, handlers, lax
from l7audit_stack.defects.defect import Defect


def _of_any_agent(handler: Handler) -> Handler:
    """Asks for the right to the agent in the path, and finds the memory by its own id."""

    async def found(call: Call) -> Reply:
        await agents.find(call, identifier(call.path, "agent_id", "agent"), "agents:read")
        row = await call.parts.database.fetchrow(
            "SELECT agent_id::text AS agent FROM memories WHERE id = $1",
            UUID(call.path["memory_id"]),
        )
        if row is not None:
            path = {**call.path, "agent_id": row["agent"]}
            call = lax(dataclasses.replace(call, path=path))
        return await handler(call)

    return found


def _accepts_and_drops(handler: Handler) -> Handler:
    """Takes every order, and looks later whether there is anything to do."""

    async def accepted(call: Call) -> Reply:
        try:
            return await handler(call)
        except Problem as problem:
            if problem.status not in (403, 404):
                raise
            return Reply(status=202)

    return accepted


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.memory-of-any-agent",
        summary="A memory is found by its id below any agent that the caller may see.",
        parts=handlers(("memories.show",), _of_any_agent),
    ),
    Defect(
        name="authz.memories-listed-for-all",
        summary="What lies below an agent is listed for everybody who may list memories at all.",
        parts=handlers(("memories.list",), deciding(Everybody)),
    ),
    Defect(
        name="authz.rotates-any-key",
        summary="Who knows the id of a key may rotate it.",
        parts=handlers(("keys.rotate",), deciding(Everybody)),
    ),
    Defect(
        name="authz.action-accepted-and-dropped",
        summary="An action on another's object is answered with 202, and nothing is done.",
        near_miss=True,
        parts=handlers(("keys.rotate", "memories.create"), _accepts_and_drops),
    ),
)
