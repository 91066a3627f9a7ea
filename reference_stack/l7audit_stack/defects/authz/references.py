"""Ids that come in beside the path: believed, or taken without asking whose they are."""

from __future__ import annotations

import dataclasses
from uuid import UUID

from l7audit_stack.api.operation import Call, Handler, Input, Operation, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import agents
from l7audit_stack.api.routes.agents import AgentChange
from l7audit_stack.api.routes.shapes import identifier
from l7audit_stack.api.security.policy import AccessPolicy
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.defects.authz.swap import (
    Everybody,
    Swap,
    deciding,
    handlers,
    lax,
    operations,
)
from l7audit_stack.defects.defect import Defect


class AnyDocument(AccessPolicy):
    """Takes a document that is only named for one that may be read."""

    def may(
        self,
        principal: Principal,
        permission: str,
        *,
        owner: str | None = None,
        tenant: str | None = None,
    ) -> bool:
        if permission == "documents:read":
            return True
        return super().may(principal, permission, owner=owner, tenant=tenant)


def _drops_unknown(handler: Handler) -> Handler:
    """Leaves out a document that the caller does not have."""

    async def without(call: Call) -> Reply:
        try:
            return await handler(call)
        except Problem as problem:
            if problem.slug != "document-unknown":
                raise
            body = type(call.body)(text=call.body.text)
            return await handler(dataclasses.replace(call, body=body))

    return without


class WithId(Input, frozen=True):
    """The id of an agent, in the query as well."""

    id: UUID | None = None


class ChangeWithId(AgentChange, frozen=True):
    """A change that repeats the agent's id."""

    id: UUID | None = None


def _beside(call: Call, place: str) -> UUID | None:
    if place != "header":
        found: UUID | None = getattr(call, place).id
        return found
    try:
        return UUID(call.headers.get("x-agent-id", ""))
    except ValueError:
        return None


def _id_wins(place: str, permission: str) -> Swap:
    """Asks for the right to the agent in the path, and then follows the id beside it."""

    def around(handler: Handler) -> Handler:
        async def follows(call: Call) -> Reply:
            other = _beside(call, place)
            if other is not None:
                key = identifier(call.path, "agent_id", "agent")
                await agents.find(call, key, permission)
                call = lax(dataclasses.replace(call, path={"agent_id": str(other)}))
            return await handler(call)

        return follows

    name = "agents.change" if place == "body" else "agents.show"
    return handlers((name,), around)


def _takes_an_id(operation: Operation) -> Operation:
    if operation.name == "agents.show":
        return dataclasses.replace(operation, query=WithId)
    if operation.name == "agents.change":
        return dataclasses.replace(operation, body=ChangeWithId)
    return operation


def _following(place: str, permission: str) -> Swap:
    def swap(parts: Parts) -> Parts:
        follows = _id_wins(place, permission)(parts)
        return follows if place == "header" else operations(_takes_an_id)(follows)

    return swap


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.remembers-any-document",
        summary="A memory may name any document, and shows its title.",
        parts=handlers(("memories.create",), deciding(AnyDocument)),
    ),
    Defect(
        name="authz.chats-with-any-agent",
        summary="A conversation may name any agent, whose instructions are then followed.",
        parts=handlers(("chat.complete",), deciding(Everybody)),
    ),
    Defect(
        name="authz.unknown-documents-are-dropped",
        summary="A memory that names a document out of sight is kept without it.",
        near_miss=True,
        parts=handlers(("memories.create",), _drops_unknown),
    ),
    Defect(
        name="authz.id-from-the-query",
        summary="The agent in the path is checked, and that in the query is shown.",
        parts=_following("query", "agents:read"),
    ),
    Defect(
        name="authz.id-from-a-header",
        summary="The agent in the path is checked, and that in a header is shown.",
        parts=_following("header", "agents:read"),
    ),
    Defect(
        name="authz.id-from-the-body",
        summary="The agent in the path is checked, and that in the body is changed.",
        parts=_following("body", "agents:write"),
    ),
    Defect(
        name="authz.id-beside-the-path-ignored",
        summary="Ids in the query and the body are taken and not looked at.",
        near_miss=True,
        parts=operations(_takes_an_id),
    ),
)
