"""Numbers that say how many, and bounds of them that are missing or wide."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Reply
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
        "pen.pages-of-a-thousand",
        "A page of agents is of at most a thousand, and more is refused.",
        near_miss=True,
        parts=swap.operations(agents_list={"query": WideLimit}),
    ),
)
