"""Numbers that say how many, and bounds of them that are missing or wide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Handler, Input, Operation, Reply
from l7audit_stack.api.paging import PageQuery
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.routes import agents, search
from l7audit_stack.api.routes.shapes import Query
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

_MOST_MADE = 20_000
"""What even the careless one does not exceed, so that nothing else falls over."""


class AnyLimit(agents.AgentQuery, frozen=True):
    """A page is as long as its reader likes."""

    limit: Annotated[int, msgspec.Meta(ge=1)] = 20


class WideLimit(agents.AgentQuery, frozen=True):
    """A page is of at most a thousand."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20


class AnyNumber(Input, frozen=True):
    """A search for as many hits as are asked for."""

    query: Query
    mode: search.Mode = "hybrid"
    limit: Annotated[int, msgspec.Meta(ge=1)] = 10


async def fills_up(call: Call) -> Reply:
    """Where there are fewer hits the best are shown again."""
    wanted: AnyNumber = call.body
    asked = search.SearchRequest(wanted.query, wanted.mode, min(wanted.limit, 50))
    reply = await search.run(replace(call, body=asked))
    found: search.SearchAnswer = reply.content
    blank = search.Hit(id=UUID(int=0), title="", media_type="", score=0.0, snippet="")
    items = found.items or [blank]
    filled = [items[n % len(items)] for n in range(min(wanted.limit, _MOST_MADE))]
    return Reply(search.SearchAnswer(mode=found.mode, items=filled))


class Long(PageQuery, frozen=True):
    """A page of any length; the page shows its bound itself."""

    limit: Annotated[int, msgspec.Meta(ge=1)] = 20


_MOST = 100
_FEW = 5


Shown = tuple[list[Any], dict[str, int], dict[str, str]]
"""The things of a page, what else it says, and its headers."""


def _shows(handler: Handler, bounded: Callable[[list[Any], int], Shown]) -> Handler:
    """A page of any length that is asked for, out of the longest that there is."""

    async def shown(call: Call) -> Reply:
        query = PageQuery(limit=_MOST, cursor=call.query.cursor)
        reply = await handler(replace(call, query=query))
        page = msgspec.to_builtins(reply.content)
        items, says, headers = bounded(page["items"], call.query.limit)
        return replace(reply, content={**page, "items": items, **says}, headers=headers)

    return shown


def _says_it(items: list[Any], limit: int) -> Shown:
    return items[:limit], {"limit": min(limit, _MOST)}, {}


def _tells_how_many(items: list[Any], limit: int) -> Shown:
    return items[: min(limit, _FEW)], {}, {"X-Total-Count": str(len(items))}


def _is_full(items: list[Any], limit: int) -> Shown:
    return (items * _MOST)[: min(limit, _MOST)], {}, {}


def _bounds_shown(parts: Parts) -> Parts:
    """Pages that take any number and show in three ways what bounds them."""
    ways = {"documents.list": _says_it, "users.list": _tells_how_many, "webhooks.list": _is_full}

    def changed(operation: Operation) -> Operation:
        bounded = ways.get(operation.name)
        if bounded is None:
            return operation
        return replace(operation, query=Long, handler=_shows(operation.handler, bounded))

    return replace(parts, operations=tuple(map(changed, parts.operations)))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "pen.pages-as-long-as-asked",
        "A page of agents may be of any length.",
        parts=swap.operations(agents_list={"query": AnyLimit}),
    ),
    Defect(
        "pen.hits-as-many-as-asked",
        "A search answers as many hits as it is asked for, the same again where there are fewer.",
        parts=swap.handler("search.run", fills_up, body=AnyNumber),
    ),
    Defect(
        "pen.pages-that-show-their-bound",
        "Pages take any number, and say their bound, tell how many things there are, or are full.",
        near_miss=True,
        parts=_bounds_shown,
    ),
    Defect(
        "pen.pages-of-a-thousand",
        "A page of agents is of at most a thousand, and more is refused.",
        near_miss=True,
        parts=swap.operations(agents_list={"query": WideLimit}),
    ),
)
