"""Memories: what an agent keeps in mind between conversations.

They are parts of their agent: who may see it sees them, who may change it writes and removes them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.paging import PageQuery, next_cursor, start
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes import agents, documents
from l7audit_stack.api.routes.shapes import caller, identifier

_SELECT = (
    "SELECT m.id, m.agent_id, m.owner_id, m.text, m.document_id, d.title AS document_title,"
    " m.created_at FROM memories m LEFT JOIN documents d"
    " ON d.id = m.document_id AND d.tenant_id = m.tenant_id"
)


class NewMemory(Input, frozen=True):
    """Something to keep in mind, and the document that it was taken from."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
    document_id: UUID | None = None


class Memory(Output, frozen=True):
    """A memory. `document_title` is that of the document it was taken from."""

    id: UUID
    agent_id: UUID
    owner_id: UUID
    text: str
    document_id: UUID | None
    document_title: str | None
    created_at: datetime


class MemoryPage(Output, frozen=True):
    """Memories, newest first; `next_cursor` asks for what follows."""

    items: list[Memory]
    next_cursor: str | None


def _memory(row: Any) -> Memory:
    return Memory(**{name: row[name] for name in Memory.__struct_fields__})


async def create(call: Call) -> Reply:
    """Let the agent keep something in mind."""
    new: NewMemory = call.body
    agent = await _agent(call, "agents:write")
    title = None if new.document_id is None else await _title(call, new.document_id)
    principal = caller(call)
    row = await call.parts.database.fetchrow(
        "INSERT INTO memories (tenant_id, owner_id, agent_id, document_id, text)"
        " SELECT tenant_id, $2::uuid, id, $3, $4 FROM agents WHERE id = $1"
        " RETURNING id, agent_id, owner_id, text, document_id, $5::text AS document_title,"
        " created_at",
        agent,
        principal.id,
        new.document_id,
        new.text,
        title,
    )
    if row is None:
        raise not_found("agent")
    memory = _memory(row)
    place = f"/v1/agents/{agent}/memories/{memory.id}"
    return Reply(memory, status=201, headers={"Location": place})


async def _agent(call: Call, permission: str) -> UUID:
    """The agent in the path, if the caller may `permission` it."""
    key = identifier(call.path, "agent_id", "agent")
    await agents.find(call, key, permission)
    return key


async def _title(call: Call, document: UUID) -> str:
    try:
        return await documents.title(call, document)
    except Problem as problem:
        if problem.status != 404:
            raise
        # The path exists: it is the input that names a document which, for this caller, does not.
        raise Problem(422, "document-unknown", "There is no such document.") from None


async def index(call: Call) -> Reply:
    """One page of the agent's memories."""
    query: PageQuery = call.query
    agent, position = await _agent(call, "agents:read"), start(query.cursor)
    rows = await call.parts.database.fetch(
        f"{_SELECT} WHERE m.agent_id = $1 AND (m.created_at, m.id) < ($2, $3)"
        " ORDER BY m.created_at DESC, m.id DESC LIMIT $4",
        agent,
        position.moment,
        position.id,
        query.limit + 1,
    )
    items = [_memory(row) for row in rows[: query.limit]]
    return Reply(MemoryPage(items=items, next_cursor=next_cursor(rows, query.limit)))


async def show(call: Call) -> Reply:
    """One memory of the agent."""
    agent = await _agent(call, "agents:read")
    key = identifier(call.path, "memory_id", "memory")
    row = await call.parts.database.fetchrow(
        f"{_SELECT} WHERE m.id = $1 AND m.agent_id = $2", key, agent
    )
    if row is None:
        raise not_found("memory")
    return Reply(_memory(row))


async def remove(call: Call) -> Reply:
    """Let the agent forget something."""
    agent = await _agent(call, "agents:write")
    key = identifier(call.path, "memory_id", "memory")
    done = await call.parts.database.execute(
        "DELETE FROM memories WHERE id = $1 AND agent_id = $2", key, agent
    )
    if done == "DELETE 0":
        raise not_found("memory")
    return Reply(status=204)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="memories.create",
        method="POST",
        path="/v1/agents/{agent_id}/memories",
        handler=create,
        summary="Let an agent keep something in mind.",
        tag="agents",
        permission="agents:write",
        body=NewMemory,
        answer=Memory,
        status=201,
    ),
    Operation(
        name="memories.list",
        method="GET",
        path="/v1/agents/{agent_id}/memories",
        handler=index,
        summary="List what an agent keeps in mind, newest first.",
        tag="agents",
        permission="agents:read",
        query=PageQuery,
        answer=MemoryPage,
    ),
    Operation(
        name="memories.show",
        method="GET",
        path="/v1/agents/{agent_id}/memories/{memory_id}",
        handler=show,
        summary="Show something that an agent keeps in mind.",
        tag="agents",
        permission="agents:read",
        answer=Memory,
    ),
    Operation(
        name="memories.delete",
        method="DELETE",
        path="/v1/agents/{agent_id}/memories/{memory_id}",
        handler=remove,
        summary="Let an agent forget something.",
        tag="agents",
        permission="agents:write",
        status=204,
    ),
)
