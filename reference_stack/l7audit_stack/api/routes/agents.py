"""Agents: named instructions for the language model, owned by who made them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.owned import OwnedTable
from l7audit_stack.api.paging import PageQuery, next_cursor
from l7audit_stack.api.problems import not_found
from l7audit_stack.api.routes.shapes import Line, Name, Text, caller, identifier

_COLUMNS = "id, owner_id, name, description, instructions, created_at, updated_at"
_AGENTS = OwnedTable("agents", _COLUMNS, "agent")

MEMORIES_IN_MIND = 20
"""How many memories are put before a conversation: with the instructions they fit into a prompt."""


class AgentQuery(PageQuery, frozen=True):
    """Which agents, and in which order: `name` is a part of theirs, in any case."""

    name: Name | None = None
    sort: Literal["-created_at", "created_at"] = "-created_at"


class NewAgent(Input, frozen=True):
    """An agent to make."""

    name: Name
    description: Line = ""
    instructions: Text = ""


class AgentChange(Input, frozen=True):
    """What to change of an agent; what is left out stays."""

    name: Name | None = None
    description: Line | None = None
    instructions: Text | None = None


class Agent(Output, frozen=True):
    """An agent as its tenant sees it."""

    id: UUID
    owner_id: UUID
    name: str
    description: str
    instructions: str
    created_at: datetime
    updated_at: datetime


class AgentPage(Output, frozen=True):
    """Agents in the order asked for; `next_cursor` asks for what follows."""

    items: list[Agent]
    next_cursor: str | None


def _agent(row: Any) -> Agent:
    return Agent(**{name: row[name] for name in Agent.__struct_fields__})


async def find(call: Call, key: UUID, permission: str) -> Any:
    """The row of an agent, if the caller may `permission` it; raises as `OwnedTable.find`."""
    return await _AGENTS.find(call, key, permission)


async def instructions(call: Call, key: UUID) -> tuple[str, str]:
    """The instructions of an agent that the caller may read, and with them its newest memories."""
    text: str = (await find(call, key, "agents:read"))["instructions"]
    rows = await call.parts.database.fetch(
        "SELECT text FROM memories WHERE agent_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        key,
        MEMORIES_IN_MIND,
    )
    memories = [f"- {row['text']}" for row in rows]
    return text, "\n".join([*([text] if text else []), *memories])


async def create(call: Call) -> Reply:
    """Make an agent that the caller owns."""
    new: NewAgent = call.body
    principal = caller(call)
    row = await call.parts.database.fetchrow(
        "INSERT INTO agents (tenant_id, owner_id, name, description, instructions)"
        f" VALUES ($1::uuid, $2::uuid, $3, $4, $5) RETURNING {_COLUMNS}",
        principal.tenant,
        principal.id,
        new.name,
        new.description,
        new.instructions,
    )
    agent = _agent(row)
    return Reply(agent, status=201, headers={"Location": f"/v1/agents/{agent.id}"})


async def index(call: Call) -> Reply:
    """One page of the tenant's agents, in the order asked for."""
    query: AgentQuery = call.query
    rows = await _AGENTS.page(
        call,
        query,
        "agents:read",
        named=query.name,
        oldest_first=query.sort == "created_at",
    )
    items = [_agent(row) for row in rows[: query.limit]]
    return Reply(AgentPage(items=items, next_cursor=next_cursor(rows, query.limit)))


async def show(call: Call) -> Reply:
    """One agent."""
    key = identifier(call.path, "agent_id", "agent")
    return Reply(_agent(await _AGENTS.find(call, key, "agents:read")))


async def change(call: Call) -> Reply:
    """Change some fields of an agent."""
    new: AgentChange = call.body
    key = identifier(call.path, "agent_id", "agent")
    await _AGENTS.find(call, key, "agents:write")
    row = await call.parts.database.fetchrow(
        "UPDATE agents SET name = COALESCE($2, name), description = COALESCE($3, description),"
        " instructions = COALESCE($4, instructions), updated_at = now()"
        f" WHERE id = $1 RETURNING {_COLUMNS}",
        key,
        new.name,
        new.description,
        new.instructions,
    )
    if row is None:
        raise not_found("agent")
    return Reply(_agent(row))


async def remove(call: Call) -> Reply:
    """Delete an agent."""
    await _AGENTS.remove(call, identifier(call.path, "agent_id", "agent"), "agents:write")
    return Reply(status=204)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="agents.create",
        method="POST",
        path="/v1/agents",
        handler=create,
        summary="Make an agent.",
        tag="agents",
        permission="agents:write",
        body=NewAgent,
        answer=Agent,
        status=201,
    ),
    Operation(
        name="agents.list",
        method="GET",
        path="/v1/agents",
        handler=index,
        summary="List the tenant's agents, by name and age.",
        tag="agents",
        permission="agents:read",
        query=AgentQuery,
        answer=AgentPage,
    ),
    Operation(
        name="agents.show",
        method="GET",
        path="/v1/agents/{agent_id}",
        handler=show,
        summary="Show an agent.",
        tag="agents",
        permission="agents:read",
        answer=Agent,
    ),
    Operation(
        name="agents.change",
        method="PATCH",
        path="/v1/agents/{agent_id}",
        handler=change,
        summary="Change an agent.",
        tag="agents",
        permission="agents:write",
        body=AgentChange,
        answer=Agent,
    ),
    Operation(
        name="agents.delete",
        method="DELETE",
        path="/v1/agents/{agent_id}",
        handler=remove,
        summary="Delete an agent.",
        tag="agents",
        permission="agents:write",
        status=204,
    ),
)
