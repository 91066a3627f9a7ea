"""Parts of requests that take a text of the caller's choice, for texts that take their time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from urllib.parse import quote

from l7audit.harness.check import Check
from l7audit.model import Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.operation import is_json
from l7audit.target.schemas import properties, required, type_of
from l7audit.target.surface import Surface
from l7audit_suites.input import joining, parts
from l7audit_suites.input.parts import Part
from l7audit_suites.pen.ground import somebody

_SLOT = "l7audit0text"
_MOST = 8
_MOST_OF_ONE = 2
_ORDER = {"POST": 0, "PUT": 1, "PATCH": 2, "GET": 3}
_KINDS = (Kind.COSTLY, Kind.RESOURCE_LIST, Kind.LOGIN, Kind.RESOURCE_CREATE, Kind.URL_TAKING)


@dataclass(frozen=True, slots=True)
class Inlet:
    """A part of a request that takes text. What is made all the same is `kept` for removal. Several
    parts of one request are tried together; `alone` are these by themselves."""

    place: Place
    request: Request = field(repr=False)
    kept: Callable[[Answer], Answer] = field(default=lambda answer: answer, repr=False)
    part: Part | None = field(default=None, repr=False)
    alone: tuple[Inlet, ...] = field(default=(), repr=False)

    def holding(self, text: str) -> Request:
        """The request with this text in its place."""
        path = self.request.path.replace(_SLOT, quote(text, safe=""))
        content = self.request.content.replace(_SLOT.encode(), text.encode())
        return replace(self.request, path=path, content=content)

    def ask(self, check: Check, text: str, *, patience: bool = False) -> Answer:
        """The answer to this text; what it made is removed at the check's end."""
        return self.kept(check.send(self.holding(text), patience=patience))


def inlets(check: Check) -> list[Inlet]:
    """A few of them, no more than two of one operation."""
    return list(islice(_inlets(check), _MOST))


def together(inlets: Sequence[Inlet]) -> Iterator[Inlet]:
    """Parts of one request as one."""
    by_request: dict[tuple[Place, bool], list[Inlet]] = {}
    for inlet in inlets:
        part = inlet.part
        shared = part is not None and part.where in {"body", "query"}
        key = part.surface.place() if part is not None and shared else inlet.place
        by_request.setdefault((key, shared), []).append(inlet)
    for group in by_request.values():
        several = [inlet.part for inlet in group if inlet.part is not None]
        if len(group) > 1 and len(several) == len(group):
            yield replace(
                group[0],
                request=joining.together(several, [_SLOT] * len(several)),
                alone=tuple(group),
            )
        else:
            yield from group


def _inlets(check: Check) -> Iterator[Inlet]:
    """Texts of whatever somebody may call, then those of several kinds of operations in turn."""
    seen: set[Place] = set()
    taken: Counter[Place] = Counter()
    named: set[tuple[str, str]] = set()
    found = sorted(parts.reachable(check), key=lambda p: _ORDER.get(p.surface.operation.method, 0))
    for part in found:  # what is sent in bodies before what is asked for
        operation = part.surface.place()
        # What a thing is made and changed with mostly goes through the same patterns.
        name = (part.surface.operation.template.partition("/{")[0], part.name)
        if (
            taken[operation] < _MOST_OF_ONE
            and name not in named
            and Kind.STREAMING not in part.surface.kinds
        ):
            taken[operation] += 1
            named.add(name)
            seen.add(part.place)
            yield Inlet(part.place, part.request(_SLOT), part.kept, part)
    for kind in _KINDS:
        for surface in check.model.surfaces(kind, limit=3):
            if surface.needs_values or Kind.STREAMING in surface.kinds:
                continue
            for inlet in islice(_of(check, surface), 2):
                if inlet.place not in seen:
                    seen.add(inlet.place)
                    yield inlet


def _of(check: Check, surface: Surface) -> Iterator[Inlet]:
    identity, operation = somebody(check), surface.operation
    if not operation.public and identity is None:
        return
    auth = None if operation.public or identity is None else check.sessions.auth(identity, surface)
    if operation.method == "GET":
        for parameter in operation.parameters:
            if parameter.place == "query" and _free(parameter.schema):
                request = surface.request(auth, query={parameter.name: _SLOT})
                yield Inlet(surface.place(f"query {parameter.name}"), request)
    elif is_json(operation.media_type):
        needed = set(required(operation.json_schema))
        for name, part in properties(operation.json_schema).items():
            if _free(part) and needed - {name}:
                body: dict[str, Any] = {name: _SLOT}
                request = surface.request(auth, json=body)
                yield Inlet(surface.place(f"body {name}"), request)


def _free(schema: dict[str, Any]) -> bool:
    return type_of(schema) == "string" and "enum" not in schema and "const" not in schema
