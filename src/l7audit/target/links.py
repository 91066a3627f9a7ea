"""Links of a document (OpenAPI 3.0, 4.7.20): what an answer's id is used for in another request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from l7audit.target.operation import Operation
from l7audit.target.origins import called, names_of
from l7audit.target.schemas import Schema, properties

_FROM_ANSWER = "$response.body#/"
_MOST = 16


@dataclass(frozen=True, slots=True)
class Link:
    """That an answer of what is at `source` fills these members or parameters of an operation,
    which is named by its id or by a reference to its place."""

    source: str
    operation: str
    members: frozenset[str]


def links_in(template: str, nodes: Iterable[Any]) -> Iterator[Link]:
    """The links of an operation's answers. `nodes` are the link objects, references followed."""
    for node in list(nodes)[:_MOST]:
        if not isinstance(node, dict):
            continue
        target = str(node.get("operationId") or node.get("operationRef") or "")
        taken = [node.get("parameters"), node.get("requestBody")]
        members = frozenset(
            str(name).rpartition(".")[2]
            for part in taken
            if isinstance(part, dict)
            for name, value in part.items()
            if str(value).startswith(_FROM_ANSWER)
        )
        if target and members:
            yield Link(template, target, members)


def linked(operations: Sequence[Operation], links: Iterable[Link]) -> tuple[Operation, ...]:
    """The operations, whose members say by their titles what they are ids of, as links tell."""
    told: dict[int, dict[str, str]] = {}
    for link in links:
        for at, operation in enumerate(operations):
            if link.operation in {operation.name, _reference(operation)}:
                title = f"{_thing(link.source)} id"
                told.setdefault(at, {}).update(dict.fromkeys(link.members, title))
    return tuple(_titled(o, told[at]) if at in told else o for at, o in enumerate(operations))


def _reference(operation: Operation) -> str:
    place = operation.template.replace("~", "~0").replace("/", "~1")
    return f"#/paths/{place}/{operation.method.lower()}"


def _thing(template: str) -> str:
    """What the thing at a place is called, or one of those that are made there."""
    bare = template.rstrip("/")
    names = sorted(names_of(bare)) if bare.endswith("}") else [called(bare)]
    return " ".join(next(iter(names), ()))


def _titled(operation: Operation, titles: Mapping[str, str]) -> Operation:
    bodies = {media: _members_titled(s, titles) for media, s in operation.bodies.items()}
    parameters = tuple(
        replace(p, schema={**p.schema, "title": titles[p.name]})
        if p.place == "query" and p.name in titles
        else p
        for p in operation.parameters
    )
    return replace(operation, bodies=bodies, parameters=parameters)


def _members_titled(schema: Schema, titles: Mapping[str, str]) -> Schema:
    members = properties(schema)
    if not titles.keys() & members.keys() or "properties" not in schema:
        return schema
    named = {n: {**p, "title": titles[n]} if n in titles else p for n, p in members.items()}
    return {**schema, "properties": named}
