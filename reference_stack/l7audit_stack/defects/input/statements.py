"""Statements of SQL that are put together from what a caller sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import asyncpg
import msgspec

from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.api.paging import PageQuery
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes import agents, search
from l7audit_stack.api.routes.shapes import Name, caller
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

_AGENT = "id, owner_id, name, description, instructions, created_at, updated_at"


async def filters_by_text(call: Call) -> Reply:
    """The name of the filter ends up in the statement."""
    query: agents.AgentQuery = call.query
    named = f" AND name ILIKE '%{query.name}%'" if query.name else ""
    rows = await _fetch(
        call,
        f"SELECT {_AGENT} FROM agents WHERE tenant_id = '{caller(call).tenant}'{named}"
        f" ORDER BY created_at DESC LIMIT {query.limit}",
    )
    return _page(rows)


async def finds_by_text(call: Call) -> Reply:
    """The id is only a text, so it was never parsed."""
    rows = await _fetch(
        call,
        f"SELECT {_AGENT} FROM agents WHERE tenant_id = '{caller(call).tenant}'"
        f" AND id::text = '{call.path['agent_id']}'",
    )
    if not rows:
        raise not_found("agent")
    return Reply(_agent(rows[0]))


async def searches_by_text(call: Call) -> Reply:
    """The words that are sought end up between two wildcards."""
    request: search.SearchRequest = call.body
    rows = await _fetch(
        call,
        "SELECT id, title, media_type, left(content, 200) AS snippet FROM documents"
        f" WHERE tenant_id = '{caller(call).tenant}' AND (title || content) ILIKE"
        f" '%{request.query}%' LIMIT {request.limit}",
    )
    hits = [search.Hit(score=1.0, **dict(row)) for row in rows]
    return Reply(search.SearchAnswer(mode=request.mode, items=hits))


class SortQuery(PageQuery, frozen=True):
    """A sort order is a column's name, and a minus where it goes down."""

    name: Name | None = None
    sort: Annotated[str, msgspec.Meta(max_length=200)] = "-created_at"


async def sorts_by_text(call: Call) -> Reply:
    """A column can't be a parameter, so it is pasted."""
    query: SortQuery = call.query
    way = "DESC" if query.sort.startswith("-") else "ASC"
    rows = await call.parts.database.fetch(
        f"SELECT {_AGENT} FROM agents WHERE tenant_id = $1::uuid"
        f" ORDER BY {query.sort.removeprefix('-')} {way} LIMIT $2",
        caller(call).tenant,
        query.limit,
    )
    return _page(rows)


async def inserts_by_text(call: Call) -> Reply:
    """The values are pasted into the statement."""
    new: agents.NewAgent = call.body
    principal = caller(call)
    rows = await _fetch(
        call,
        "INSERT INTO agents (tenant_id, owner_id, name, description, instructions) VALUES"
        f" ('{principal.tenant}', '{principal.id}', $name${new.name}$name$,"
        f" '{new.description}', $text${new.instructions}$text$) RETURNING {_AGENT}",
    )
    return Reply(_agent(rows[0]), status=201)


async def _fetch(call: Call, statement: str) -> list[Any]:
    """The rows; a broken statement is the caller's fault, and no more is said of it."""
    try:
        return list(await call.parts.database.fetch(statement))
    except asyncpg.PostgresError:
        raise Problem(400, "request-malformed", "The request can't be understood.") from None


def _agent(row: Any) -> agents.Agent:
    return agents.Agent(**{name: row[name] for name in agents.Agent.__struct_fields__})


def _page(rows: Sequence[Any]) -> Reply:
    return Reply(agents.AgentPage(items=[_agent(row) for row in rows], next_cursor=None))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.filter-in-the-statement",
        "The filter of a list is pasted into its statement.",
        parts=swap.handler("agents.list", filters_by_text),
    ),
    Defect(
        "input.id-in-the-statement",
        "The id in a path is pasted into the statement, as a text.",
        parts=swap.handler("agents.show", finds_by_text),
    ),
    Defect(
        "input.search-in-the-statement",
        "The words of a search are pasted between the wildcards of LIKE.",
        parts=swap.handler("search.run", searches_by_text),
    ),
    Defect(
        "input.sort-in-the-statement",
        "The sort order is pasted after ORDER BY.",
        parts=swap.handler("agents.list", sorts_by_text, query=SortQuery),
    ),
    Defect(
        "input.text-in-the-insert",
        "The description of an agent is pasted into the statement that inserts it.",
        parts=swap.handler("agents.create", inserts_by_text),
    ),
)
