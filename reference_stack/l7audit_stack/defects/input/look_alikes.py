"""What looks like a weakness to a naive check, and is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from l7audit_stack.api.operation import Call, Operation, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import agents
from l7audit_stack.defects.answers import Asked, Told, wholes
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap
from l7audit_stack.defects.input.statements import SortQuery

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_SAID = 'The search has a syntax. ERROR: syntax error at or near "\'" at character 1.'
_ODD = frozenset("'\"`;%")


def _complains(parts: Parts) -> Parts:
    """Every operation that takes a text says of an odd one what a database would say."""

    def wary(operation: Operation) -> Operation:
        async def handler(call: Call) -> Reply:
            for shape in (call.query, call.body):
                if isinstance(shape, msgspec.Struct) and _odd(shape):
                    raise Problem(400, "query-syntax", _SAID)
            return await operation.handler(call)

        searching = operation.name in {"search.run", "agents.list"}
        return replace(operation, handler=handler) if searching else operation

    return replace(parts, operations=tuple(map(wary, parts.operations)))


def _odd(shape: msgspec.Struct) -> bool:
    return any(isinstance(v, str) and _ODD & set(v) for v in msgspec.structs.asdict(shape).values())


def _names_columns(parts: Parts) -> Parts:
    """A sort order that nobody knows is refused as a database would."""

    async def handler(call: Call) -> Reply:
        given: SortQuery = call.query
        if given.sort not in {"created_at", "-created_at"}:
            said = f'ERROR: column "{given.sort[:60]}" does not exist.'
            raise Problem(400, "sort-unknown", said)
        fields = msgspec.structs.asdict(given)
        return await agents.index(replace(call, query=agents.AgentQuery(**fields)))

    return swap.handler("agents.list", handler, query=SortQuery)(parts)


def _counts(_: Asked, told: Told, __: Parts) -> Told:
    """Every answer says how long it is, 49 now and then, and which build this is."""
    return told.put({"x-build": "49", "x-size": str(len(told.body))})


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.errors-that-look-like-sql",
        "Searches have a syntax of their own and complain of quotes as a database would.",
        near_miss=True,
        parts=_complains,
    ),
    Defect(
        "input.sort-refused-like-sql",
        "A sort order that nobody knows is refused as a database would.",
        near_miss=True,
        parts=_names_columns,
    ),
    Defect(
        "input.forty-nine",
        "Every answer holds a 49, whatever was sent.",
        near_miss=True,
        wrap=wholes(_counts),
    ),
)
