"""Members that are called like a language's own: what code that merges follows out of an object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.operation import Operation
from l7audit.target.schemas import properties, required, type_of
from l7audit.target.surface import Surface
from l7audit_suites.input.doors import Door, doors
from l7audit_suites.input.ground import Caller, Workshop, callers

_MOST_CHANGES = 4
_ASKED = 2
"""How often others' things are read: a service of several processes changed one of them."""

_Way = Callable[[dict[str, str]], dict[str, Any]]
_WAYS_OUT: dict[str, _Way] = {
    "__proto__": lambda planted: {"__proto__": planted},
    "constructor": lambda planted: {"constructor": {"prototype": planted}},
    "__class__": lambda planted: {"__class__": planted},
}
_OWN = {*_WAYS_OUT, "prototype"}


def ways_out(name: str) -> dict[str, Callable[[str], dict[str, Any]]]:
    """By each way out of an object, the members that plant a value of that name there."""
    return {part: partial(_planting, way, name) for part, way in _WAYS_OUT.items()}


def _planting(way: _Way, name: str, value: str) -> dict[str, Any]:
    return way({name: value})


def spare(room: Workshop) -> str:
    """A text that what is made there may go without; empty where there is none."""
    schema = room.operation.json_schema
    needed = required(schema)
    members = properties(schema).items()
    return next((n for n, p in members if n not in needed and _free(p)), "")


def _free(schema: dict[str, Any]) -> bool:
    bounded = {"enum", "const", "format", "minLength"} & schema.keys()
    return type_of(schema) == "string" and not bounded


def held(body: Any, name: str, value: str) -> int:
    """How many objects of an answer have the member by themselves. What was only kept as it was
    sent has it within a member that is called like a language's own."""
    if isinstance(body, list):
        return sum(held(part, name, value) for part in body)
    if not isinstance(body, dict):
        return 0
    within = (part for key, part in body.items() if key not in _OWN)
    return (body.get(name) == value) + sum(held(part, name, value) for part in within)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that takes an object, and how to see whether it reached what is another's.

    `spot` is the member that takes the object, empty for the body itself. A view holds what was
    planted where more than `own` of its objects do.
    """

    door: Door
    spot: str
    view: Request
    reader: Caller
    own: int

    def plant(self, name: str, value: str) -> Answer:
        """The change with what leads out of its object, by all ways at once."""
        planted = {k: v for way in _WAYS_OUT.values() for k, v in way({name: value}).items()}
        surface, caller = self.door.surface, self.door.caller
        body = {self.spot: planted} if self.spot else planted
        return caller.send(surface.request(caller.auth(surface), fields=body))

    def seen(self, name: str, value: str) -> list[Answer]:
        """The answers that show it in what is another's."""
        for _ in range(_ASKED):
            answer = self.reader.send(self.view)
            if held(answer.json_or_none(), name, value) > self.own:
                return [answer]
        return []


def changes(check: Check) -> Iterator[Change]:
    """Changes that were answered with success, by the objects that they take."""
    found = [d for d in doors(check) if d.operation.method in {"PATCH", "PUT"} and d.answer.ok]
    for door in found[:_MOST_CHANGES]:
        schema = door.operation.json_schema
        if not schema:
            continue
        view = _view(check, door)
        if view is None:
            continue
        surface, reader, own = view
        request = surface.request(reader.auth(surface))
        objects = [n for n, part in properties(schema).items() if type_of(part) == "object"]
        for spot in (*objects[:2], ""):
            yield Change(door, spot, request, reader, own)


def _view(check: Check, door: Door) -> tuple[Surface, Caller, int] | None:
    """What shows things of others: the same account for somebody else, or the whole collection,
    in which one object is the caller's own."""
    template = door.operation.template
    if not door.operation.path_parameters:
        others = [c for c in callers(check) if c.name != door.caller.name]
        operation = _read(check, template)
        if operation is None or not others:
            return None
        return check.model.surface(operation), others[0], 0
    collection = template.rpartition("/")[0]
    operation = _read(check, collection)
    if operation is None or not template.endswith("}"):
        return None
    known = {p.name: door.surface.values[p.name] for p in operation.path_parameters}
    return check.model.surface(operation).with_values(known), door.caller, 1


def _read(check: Check, template: str) -> Operation | None:
    reads = (o for o in check.model.operations if o.method == "GET" and o.template == template)
    return next((o for o in reads if Kind.STREAMING not in o.kinds), None)
