"""The parts of doors where a text goes in: each parameter, member, form field and file name."""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from l7audit.harness.check import Check
from l7audit.model import Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target import meaning
from l7audit.target.compose import DEPTH, compose
from l7audit.target.operation import is_json
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.input.doors import Door, doors, shown_texts, with_texts
from l7audit_suites.input.ground import Workshop, others, workshops
from l7audit_suites.input.inlets import Inlet, of_bodies, of_queries, reads

_DEPTH = 3
_MOST_SOUGHT = 2
_OF_HTTP = {
    "accept", "accept-language", "accept-encoding", "authorization", "cookie", "content-type",
    "content-length", "host", "range", "prefer", "origin", "if-match", "if-none-match",
}  # fmt: skip
_OF_ENTRANCES = ("key", "token", "csrf", "xsrf", "signature", "authorization", "session", "secret")
_FIXED = {"date", "date-time", "time", "binary", "byte", "base64"}


@dataclass(frozen=True, slots=True)
class Part(Inlet):
    """A part of a door's request. `steps` lead to it within the body."""

    door: Door | None = None
    steps: tuple[str | int, ...] = ()

    def request(self, value: Any, **more: Any) -> Request:
        """The request with this value in the part, and with new texts where those are needed."""
        assert self.door is not None
        surface = with_texts(self.door).surface
        auth = self.caller.auth(surface)
        if self.where == "query":
            return surface.request(auth, query={self.name: value}, **more)
        if self.where == "path":
            return surface.request(auth, path={self.name: value}, **more)
        if self.where == "header":
            return surface.request(auth, **more).with_headers({self.name: _in_header(value)})
        if self.where == "cookie":
            request = surface.request(auth, **more)
            return request.with_auth(Auth.cookie(self.name, quote(str(value), safe="")))
        if len(self.steps) < 2:
            return surface.request(auth, fields={self.name: value}, **more)
        body = put(surface.body(), self.steps, value, surface.operation.json_schema)
        return surface.request(auth, json=body, **more)

    def kept(self, answer: Answer) -> Answer:
        return self.door.kept(answer) if self.door is not None else answer


def _in_header(value: Any) -> str:
    """A value as a header can carry it: as it is, unless it would end the header."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if text.isprintable() and text.isascii() else quote(text)


def put(body: Any, steps: Sequence[str | int], value: Any, schema: Schema | None = None) -> Any:
    """The body with a value where the steps lead; what is not there yet is made, with what its
    schema wants beside."""
    whole = copy.deepcopy(body) if isinstance(body, dict) else {}
    node: Any = whole
    known = schema or {}
    for step, following in itertools.pairwise(steps):
        known = properties(known).get(step, {}) if isinstance(step, str) else _items(known)
        empty: Any = [None] if isinstance(following, int) else _wanted(known)
        if isinstance(step, int):
            node[step] = node[step] or empty
        elif not node.get(step):
            node[step] = empty
        node = node[step]
    node[steps[-1]] = value
    return whole


def _items(schema: Schema) -> Schema:
    items = schema.get("items")
    return items if isinstance(items, dict) else {}


def _wanted(schema: Schema) -> dict[str, Any]:
    """An object with what its schema wants, and nothing more."""
    made = compose(schema, random.Random(0), DEPTH - 1)
    return made if isinstance(made, dict) else {}


def parts(doors: Sequence[Door]) -> list[Part]:
    """Every part of every door that takes a text of the caller's choice, or a number."""
    return [part for door in doors for part in _of(door)]


def _of(door: Door) -> Iterator[Part]:
    operation = door.operation
    for p in operation.parameters:
        if type_of(p.schema) in {"array", "object", "boolean"}:
            continue
        if p.place in {"query", "cookie"} or (p.place == "header" and _own(p.name)):
            yield _part(door, p.place, p.name, p.schema)
    if not any(is_json(m) for m in operation.bodies):
        for name, schema in properties(operation.body_schema).items():
            fixed = schema.get("format") in _FIXED or meaning.is_form_file(schema)
            if type_of(schema) in {"", "string"} and not fixed:
                yield _part(door, "body", name, schema, (name,))
        return
    for steps, schema in _members(operation.json_schema, (), _sought(door)):
        yield _part(door, "body", ".".join(str(s) for s in steps), schema, steps)


def _tells_operators(schema: Schema) -> bool:
    """Whether an object is meant to hold operators, so that nothing is slipped in by one."""
    told, values = str(schema.get("description", "")), schema.get("additionalProperties")
    of_objects = isinstance(values, dict) and type_of(values) == "object"
    return of_objects or "$" in told or says(words(told), "operator")


def _sought(door: Door) -> list[str]:
    """What things of the answer are told apart by: filters that take any object know that."""
    return [] if door.acts else shown_texts(door)[:_MOST_SOUGHT]


def _own(header: str) -> bool:
    """Whether a header is the service's own, and none of HTTP, of proxies or of entrances."""
    told = words(header)
    return header.lower() not in _OF_HTTP and not says(told, *_OF_ENTRANCES)


def _part(
    door: Door, where: str, name: str, schema: Schema, steps: tuple[str | int, ...] = ()
) -> Part:
    known = door.surface.queries.get(name) if where == "query" else door.surface.members.get(steps)
    said = known or schema.get("default", schema.get("example", ""))
    choices = schema.get("enum")
    if not said and isinstance(choices, list) and choices:
        said = choices[0]
    plain = str(said) if isinstance(said, str | int | float) else ""
    return Part(door.caller, door.surface, where, name, plain, schema, door, steps)


def _members(
    schema: Schema, above: tuple[str | int, ...], sought: Sequence[str] = ()
) -> Iterator[tuple[tuple[str | int, ...], Schema]]:
    """Texts and numbers of a body, with the way to each. What may hold anything is asked for what
    is `sought`."""
    if len(above) >= _DEPTH * 2:
        return
    for name, part in properties(schema).items():
        if part.get("readOnly") or part.get("format") in _FIXED:
            continue
        kind = type_of(part)
        here = (*above, name)
        if kind in {"", "string", "integer", "number"}:
            yield here, part
        elif kind == "object" and properties(part):
            yield from _members(part, here, sought)
        elif kind == "object" and not _tells_operators(part):
            yield from (((*here, wanted), {"type": "string"}) for wanted in sought)
        elif kind == "array" and isinstance(part.get("items"), dict):
            item = part["items"]
            if type_of(item) in {"", "string"}:
                yield (*here, 0), item
            else:
                yield from _members(item, (*here, 0), sought)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where texts go in at a target: things are made in `rooms`; `asking` answers at once and
    changes nothing; `acting` does something elsewhere than in the rooms; `doors` are what these are
    parts of, and those that make things. Sorted out by nothing
    else: numbers and choices are among them."""

    rooms: Sequence[Workshop]
    asking: Sequence[Inlet]
    acting: Sequence[Part]
    doors: Sequence[Door] = ()

    @property
    def texts(self) -> list[Inlet]:
        """What takes a text of the caller's choice and is answered at once."""
        return [i for i in (*self.asking, *self.acting) if _free(i)]

    @property
    def questions(self) -> list[Inlet]:
        """As `texts`, of calls that change nothing."""
        return [i for i in self.asking if _free(i)]

    @property
    def lookups(self) -> list[Inlet]:
        """As `questions`, and what found nothing for the plain text."""
        return [i for i in self.asking if is_text(i)]


def reach(check: Check, *, stocked: bool = False, acting: bool = True) -> Reach:
    """All inlets that somebody opens, with their witness; of doors that act only if `acting`, and
    with a thing in each workshop if `stocked`. Ends the check where there is none."""
    rooms = workshops(check, needed=False, stocked=stocked)
    opened = doors(check, acting=acting, but={room.surface.place() for room in rooms})
    if not rooms and not opened:
        check.inconclusive("No identity of the profile could call anything that takes a text.")
    if rooms:
        check.witness("a thing can be made", rooms[0].opened or rooms[0].takes, once=True)
    else:
        check.witness("a plain call is answered", opened[0].ask)
    known = _of_makers(check, rooms, {d.surface.place(): d.caller.name for d in opened})
    seen = {i.place for i in known}
    made = {room.surface.place() for room in rooms}
    found = [p for p in parts(opened) if p.place not in seen and p.surface.place() not in made]
    changing = [p for p in found if p.door is not None and p.door.acts]
    asked = [p for p in found if p.door is not None and not p.door.acts]
    return Reach(rooms, [*known, *asked], changing, opened)


def _of_makers(check: Check, rooms: Sequence[Workshop], opened: Mapping[Place, str]) -> list[Inlet]:
    """Inlets of listings as those see them who made things, and of reads that are no doors."""
    who = others(check, rooms)
    lists = {r.lister.place(): r.caller.name for r in rooms if r.lister is not None}

    def known(surface: Surface) -> bool:
        place = surface.place()
        return place in opened and lists.get(place, opened[place]) == opened[place]

    posted = [s for s in check.model.surfaces(Kind.SEARCH) if s.operation.method == "POST"]
    asked = [s for s in reads(check, rooms) if not known(s)]
    return [*of_bodies(who, [s for s in posted if not known(s)]), *of_queries(who, asked)]


def reachable(check: Check) -> list[Part]:
    """The texts of whatever somebody may call; none where the profile lets nobody in."""
    if not any(i.credentials for i in check.identities):
        return []
    return [p for p in parts(doors(check)) if _free(p)]


def counting(check: Check) -> list[Part]:
    """The numbers that whatever somebody may call takes: in addresses all parameters, since what
    is a number there is often a text to its document."""
    if not any(i.credentials for i in check.identities):
        return []
    return [p for p in parts(doors(check)) if p.numeric or p.where == "query"]


def _free(inlet: Inlet) -> bool:
    closed = isinstance(inlet, Part) and inlet.door is not None and inlet.door.ajar
    return not closed and is_text(inlet)


def is_text(inlet: Inlet) -> bool:
    """Whether it takes a text of the caller's choice."""
    return not inlet.numeric and "enum" not in inlet.schema and "const" not in inlet.schema
