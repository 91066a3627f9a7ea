"""Several parts of one request at once: where they are independent, one request tries them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from l7audit.model import Place
from l7audit.probe.request import Request
from l7audit.target.schemas import alternative
from l7audit_suites.input.doors import Door, with_texts
from l7audit_suites.input.inlets import Inlet
from l7audit_suites.input.mutations import matches
from l7audit_suites.input.parts import Part, is_text, put
from l7audit_suites.input.serialised import looks_opaque
from l7audit_suites.input.signs import refuses_signs

_SAMPLE = "lq'\"$({<;"
"""What a text of any kind may hold."""

_LONG = 60
"""Characters that most texts for several languages at once have."""


def together(parts: Sequence[Inlet], values: Sequence[Any]) -> Request:
    """The request with a value in each of several inlets of one operation; of headers, paths and
    cookies only one may be among them, and then it is alone."""
    first = parts[0]
    if len(parts) == 1:
        return first.request(values[0])
    door = first.door if isinstance(first, Part) else None
    surface = with_texts(door).surface if door is not None else first.surface
    body: Any = surface.body() if surface.operation.bodies else {}
    query, changed = {}, set()
    for part, value in zip(parts, values, strict=True):
        if part.where == "body":
            steps = part.steps if isinstance(part, Part) else (part.name,)
            body = put(body, steps, value, surface.operation.json_schema)
            changed.add(steps[0])
        else:
            query[part.name] = value
    fields = {str(n): v for n, v in body.items() if n in changed} if changed else None
    return surface.request(first.caller.auth(surface), fields=fields, query=query)


def joined(inlets: Sequence[Inlet]) -> list[list[Inlet]]:
    """Inlets of one operation that take whatever they are given, as far as their schemas tell and
    was seen, so that they can be tried in one request; any other is alone."""
    groups: dict[tuple[Place, str, int], list[Inlet]] = {}
    for number, inlet in enumerate(inlets, start=1):
        loose = _is_loose(inlet) and not refuses_signs(inlet)
        where = inlet.surface.place(), inlet.caller.name, 0 if loose else number
        groups.setdefault(where, []).append(inlet)
    return list(groups.values())


def _is_loose(inlet: Inlet) -> bool:
    schema = alternative(inlet.schema)
    most = schema.get("maxLength")
    return (
        inlet.where in {"query", "body"}
        and not {"enum", "const"} & schema.keys()
        and schema.get("format", "text") == "text"
        and (not isinstance(most, int) or most >= _LONG)
        and matches(str(schema.get("pattern", "")), _SAMPLE)
        and not (looks_opaque(inlet.name, schema) or inlet.numeric or inlet.sorts)
    )


def by_door(parts: Sequence[Part]) -> list[tuple[Door, list[Part]]]:
    """The parts that take a text, door by door; no door without any."""
    doors = {p.door.surface.place(): p.door for p in parts if p.door is not None}
    texts = {
        place: [p for p in parts if p.surface.place() == place and is_text(p)] for place in doors
    }
    return [(door, texts[place]) for place, door in doors.items() if texts[place]]
