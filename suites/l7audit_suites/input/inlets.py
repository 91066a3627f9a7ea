"""Inlets: the single places of requests where a caller's text goes in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.values import resolve
from l7audit.target.words import says, words
from l7audit_suites.input.ground import Caller, Made, Workshop, able, callers, word

SORTING = ("sort", "order", "order by", "sort by", "ordering", "sorting", "orderby", "sortby")
HEADERS = ("User-Agent", "Referer", "X-Forwarded-For", "X-Request-Id", "Accept-Language")
"""Headers that services like to keep: in logs, statistics and sessions."""

_MOST_OPERATIONS = 8
_MOST_ITEMS = 12
_LEFT = {Kind.STREAMING, Kind.KEY_LIST, Kind.COSTLY, Kind.LOGIN}
"""Reads that do not end, or cost too much to be asked for again and again."""


@dataclass(frozen=True, slots=True)
class Inlet:
    """A part of one operation's request. `where`: `query`, `body`, `path`, `header` or `content`.

    `plain` is a value that is harmless there.
    """

    caller: Caller
    surface: Surface
    where: str
    name: str
    plain: str
    schema: Schema

    @property
    def place(self) -> Place:
        """The same in every run."""
        return self.surface.place(f"{self.where} {self.name}".strip())

    def request(self, value: Any, **more: Any) -> Request:
        """The request with this value in the inlet."""
        auth = self.caller.auth(self.surface)
        if self.where == "query":
            return self.surface.request(auth, query={self.name: value}, **more)
        if self.where == "path":
            return self.surface.request(auth, path={self.name: value}, **more)
        if self.where == "header":
            return self.surface.request(auth, headers={self.name: value}, **more)
        if self.where == "content":
            content = str(value).encode()
            return self.surface.request(auth, content=content, media_type=self.name, **more)
        return self.surface.request(auth, fields={self.name: value}, **more)

    def ask(self, value: Any) -> Answer:
        """The answer to this value."""
        return self.kept(self.caller.send(self.request(value)))

    def kept(self, answer: Answer) -> Answer:
        """The answer; what it made, if anything, is removed at the check's end."""
        return answer

    @property
    def sorts(self) -> bool:
        """Whether it says in which order things come."""
        return says(words(self.name), *SORTING)

    @property
    def numeric(self) -> bool:
        return type_of(self.schema) in {"integer", "number"}


def text_like(schema: Schema) -> bool:
    """Whether a value is text of the caller's choice as far as the schema tells."""
    return type_of(schema) in {"", "string"} and "const" not in schema


def of_queries(who: Sequence[Caller], surfaces: Sequence[Surface]) -> Iterator[Inlet]:
    """The query parameters of reads that somebody may make."""
    taken = 0
    for surface in surfaces:
        named = [
            p
            for p in surface.operation.parameters
            if p.place == "query" and type_of(p.schema) not in {"array", "object", "boolean"}
        ]
        if not named or taken >= _MOST_OPERATIONS:
            continue
        allowed = able(who, surface)
        if allowed is None:
            continue
        taken += 1
        for p in named:
            yield Inlet(allowed, surface, "query", p.name, _said(p.schema), p.schema)


def of_bodies(who: Sequence[Caller], surfaces: Sequence[Surface]) -> Iterator[Inlet]:
    """The text members of JSON bodies that somebody may send without making anything."""
    for surface in surfaces:
        named = [
            (name, part)
            for name, part in properties(surface.operation.json_schema).items()
            if text_like(part)
        ]
        allowed = able(who, surface)
        if allowed is not None:
            for name, part in named:
                yield Inlet(allowed, surface, "body", name, _said(part), part)


def of_paths(rooms: Sequence[Workshop]) -> Iterator[Inlet]:
    """The last path parameter of reads of one thing, with an id that names nothing."""
    for room in rooms:
        if room.reader is not None and len(room.reader.operation.path_parameters) == 1:
            parameter = room.reader.operation.path_parameters[0]
            yield Inlet(room.caller, room.reader, "path", parameter.name, "", parameter.schema)


def of_items(check: Check, known: Sequence[Inlet]) -> list[Inlet]:
    """The last path parameter of other reads of one thing, as members and strangers may name it.

    What stands before it is filled by what there is.
    """
    seen = {i.place for i in known}
    who = callers(check)[0]
    assert who.identity is not None  # `callers` are let in by their credentials
    found: list[Inlet] = []
    for operation in check.model.operations:
        if operation.method != "GET" or not operation.path_parameters or _LEFT & operation.kinds:
            continue
        parameter = operation.path_parameters[-1]
        surface = check.model.surface(operation).with_values({parameter.name: word()})
        if surface.needs_values:
            filled = resolve(check.model, surface, check.sessions, who.identity)
            surface = filled or surface
        if surface.needs_values or len(found) >= _MOST_ITEMS:
            continue
        inlet = Inlet(who, surface, "path", parameter.name, "", parameter.schema)
        found += [inlet] if inlet.place not in seen else []
    return found


def of_making(room: Workshop) -> Iterator[Inlet]:
    """Where a text goes in when a thing is made: members, query parameters, the body itself."""
    operation = room.operation
    for name, part in properties(operation.json_schema).items():
        if text_like(part) and "enum" not in part and part.get("format") in {None, "text"}:
            yield Inlet(room.caller, room.surface, "body", name, _said(part), part)
    for p in operation.parameters:
        if p.place == "query" and text_like(p.schema) and "enum" not in p.schema:
            yield Inlet(room.caller, room.surface, "query", p.name, _said(p.schema), p.schema)
    media = [m for m in operation.bodies if m.startswith("text/plain")]
    if media and not operation.json_schema.get("properties"):
        yield Inlet(room.caller, room.surface, "content", media[0], "", operation.bodies[media[0]])


def planted(room: Workshop, inlets: Sequence[Inlet], text: str) -> Made:
    """A thing made with a text in each of these inlets."""
    return room.sent(planting(room, inlets, [text] * len(inlets)))


def planting(room: Workshop, inlets: Sequence[Inlet], texts: Sequence[str]) -> Request:
    """The request that makes a thing with a text in each of these inlets."""
    sent = list(zip(inlets, texts, strict=True))
    fields = {i.name: text for i, text in sent if i.where == "body"}
    query = {i.name: text for i, text in sent if i.where == "query"}
    given: dict[str, Any] = {"query": query or None}
    for inlet, text in sent:
        if inlet.where == "content":
            given |= {"content": text.encode(), "media_type": inlet.name}
    if fields:
        given["fields"] = fields
    return room.request(**given)


def listings(rooms: Sequence[Workshop]) -> list[Surface]:
    """The listings of what can be made."""
    return [room.lister for room in rooms if room.lister is not None]


def reads(check: Check, rooms: Sequence[Workshop]) -> list[Surface]:
    """Listings, and other reads with parameters that everybody may try."""
    found = listings(rooms)
    for kind in (Kind.SEARCH, Kind.RESOURCE_LIST, Kind.PUBLIC_READ):
        for surface in check.model.surfaces(kind, limit=16):
            fitting = surface.operation.method == "GET" and not surface.needs_values
            if fitting and all(surface.operation != s.operation for s in found):
                found.append(surface)
    return found


def _said(schema: Schema) -> str:
    """A value that the schema itself gives."""
    if isinstance(schema.get("default"), str):
        return str(schema["default"])
    choices = schema.get("enum")
    return str(choices[0]) if isinstance(choices, list) and choices else ""
