"""Requests that an operation takes from somebody: the ids in their bodies are of what there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target import meaning
from l7audit.target.operation import Operation
from l7audit.target.origins import items, names_of
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.values import keep, things, values_in
from l7audit.target.words import Words, words
from l7audit_suites.authz.facts import PERSON, facts_of
from l7audit_suites.authz.people import casts_of, in_use
from l7audit_suites.authz.things import ask
from l7audit_suites.authz.told import learn_secrets, named
from l7audit_suites.flow.amounts import Path, put

_NAMING = {"id", "uuid", "guid", "ref", "key", "number"}
_TOWARDS = {
    "to", "recipient", "receiver", "destination", "target", "payee", "beneficiary", "holder",
    "bearer", "grantee", "addressee",
}  # fmt: skip
_BESIDE = {"from", "source", "sender", "the", "my", "own"}
_DEPTH = 3
_MOST_PAIRS = 4
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Somebody, and somebody else that he may give something to."""

    owner: Identity
    other: Identity | None


def pairs(check: Check) -> list[Pair]:
    """Those of one role with each that is a stranger; ordinary people first."""
    found = [
        Pair(cast.owner, other)
        for cast in casts_of(check.identities)
        for other in (cast.peer, cast.foreigner)
        if other is not None
    ]
    alone = [Pair(i, None) for i in in_use(check.identities)]
    return (found or alone)[:_MOST_PAIRS]


@dataclass(slots=True)
class Desk:
    """Where a pair's requests are written; what was looked up is remembered."""

    check: Check
    pair: Pair
    known: dict[tuple[Words, str], Any] = field(default_factory=dict)
    people: dict[str, tuple[str, ...]] = field(default_factory=dict)
    nth: int = 0
    """Which of the things there are is named where any would do."""

    def bodies(self, surface: Surface) -> Iterator[Any]:
        """Bodies that the operation may take: with ids of what there is, with people by what else
        they are called, on other days, since the first may be taken, and then as made up."""
        body = surface.body()
        filled = self._filled(surface, body, 0)
        yield filled
        called = [self._filled(surface, body, turn) for turn in range(1, _MOST_NAMES)]
        yield from (b for n, b in enumerate(called) if b not in (filled, *called[:n]))
        later = _later(filled, surface.operation.json_schema, self.check.random.randrange(3, 300))
        if later != filled:
            yield later
        if filled != body:
            yield body

    def _filled(self, surface: Surface, body: Any, turn: int) -> Any:
        filled = body
        for path, name, schema in _references(surface.operation.json_schema, body, (), _DEPTH):
            value = self._id(name, schema, turn)
            if value is not None:
                filled = put(filled, path, value)
        return filled

    def ready(self, surface: Surface) -> Surface | None:
        """The operation with its path filled by what there is for the owner."""
        if not surface.needs_values:
            return surface
        return self.check.model.resolve(surface, self.check.sessions, self.pair.owner)

    def request(self, surface: Surface, body: Any) -> Request:
        """The request in the owner's name."""
        auth = self.check.sessions.auth(self.pair.owner, surface)
        if not surface.operation.bodies:
            return surface.request(auth)
        return surface.request(auth, json=body)

    def send(self, surface: Surface, body: Any) -> Answer:
        """The answer to it; what was made is removed at the check's end."""
        answer = self.check.send(self.request(surface, body), identity=self.pair.owner.name)
        self.kept(surface, answer)
        return answer

    def kept(self, surface: Surface, answer: Answer) -> None:
        """Has what an answer says was made removed at the check's end."""
        if answer.ok:
            learn_secrets(self.check, answer)
            keep(self.check.model, surface, answer, self.check.sessions, self.pair.owner)

    def again(self, surface: Surface, answer: Answer) -> list[Any]:
        """What was made, read afresh: by itself, or in its collection."""
        key = named(answer, "id")
        template = surface.operation.template.rstrip("/")
        below = items(self.check.model.operations, template, "GET")
        for operation in self.check.model.operations:
            there = operation.template.rstrip("/")
            reader = self.check.model.surface(operation).with_values(surface.values)
            if operation.method != "GET" or not key:
                continue
            if operation in below:
                name = operation.path_parameters[-1].name if operation.path_parameters else ""
                one = ask(self.check, reader.with_values({name: key}), self.pair.owner)
                if one.ok:
                    return [one.json_or_none()]
            if there == template:
                listed = ask(self.check, reader, self.pair.owner)
                found = things(listed.json_or_none()) if listed.ok else []
                return [t for t in found if values_in(t, ("id",)).get("id") == key]
        return []

    def _id(self, name: str, schema: Schema, turn: int) -> Any:
        """A value for a reference: of the owner, or of the other where it leads to him; a person
        is called by id at the first turn, and by his names at the next."""
        told = words(name)
        towards = bool(_TOWARDS & set(told))
        who = self.pair.other if towards else self.pair.owner
        noun = tuple(w for w in told if w not in _NAMING | _TOWARDS | _BESIDE)
        if who is None:
            return None
        called = self._person(who, schema, noun)
        if called:
            return fitting(called[min(turn, len(called) - 1)], schema)
        place = (noun, who.name)
        if place not in self.known:
            self.known[place] = self._thing(who, noun)
        return fitting(self.known[place], schema)

    def _person(self, who: Identity, schema: Schema, noun: Words) -> list[str]:
        """What somebody is called, as far as the schema takes it; nothing where the noun is none
        of a person."""
        if noun and not set(noun) & set(PERSON):
            return []
        if who.name not in self.people:
            self.people[who.name] = facts_of(self.check, who).person
        return [f for f in self.people[who.name] if fitting(f, schema) is not None]

    def _thing(self, who: Identity, noun: Words) -> str:
        """The first thing of that noun that somebody sees, made for it where there is none."""
        if not noun:
            return ""
        for operation in self.check.model.operations:
            segments = [s for s in operation.template.split("/") if s]
            if operation.method != "GET" or not segments or words(segments[-1])[-1:] != noun[-1:]:
                continue
            surface = self.check.model.surface(operation)
            if surface.needs_values or not _lists(operation):
                continue
            try:
                listed = ask(self.check, surface, who)
            except CredentialError:
                return ""
            there = things(listed.json_or_none()) if listed.ok else []
            ids = [found["id"] for t in there if (found := values_in(t, ("id",)))]
            if ids:
                return ids[self.nth % len(ids)]
            return self._made(operation.template, who)
        return self._below(who, noun)

    def _below(self, who: Identity, noun: Words) -> str:
        """As `_thing`, where such things are listed and made below others."""
        for operation in self.check.model.operations:
            if operation.method != "GET" or noun not in names_of(operation.template):
                continue
            surface = self.check.model.surface(operation)
            try:
                found = self.check.model.resolve(surface, self.check.sessions, who)
            except CredentialError:
                return ""
            if found is not None:
                return found.values.get(operation.path_parameters[-1].name, "")
        return ""

    def _made(self, template: str, who: Identity) -> str:
        maker = next(
            (
                o
                for o in self.check.model.operations
                if o.method == "POST" and o.template == template and Kind.RESOURCE_CREATE in o.kinds
            ),
            None,
        )
        if maker is None:
            return ""
        surface = self.check.model.surface(maker)
        answer = ask(self.check, surface, who)
        if answer.ok:
            keep(self.check.model, surface, answer, self.check.sessions, who)
        return named(answer, "id") if answer.ok else ""


def _later(body: Any, schema: Schema, days: int) -> Any:
    """A body whose days are so many days later, all alike."""
    if not isinstance(body, dict):
        return body
    moved = {}
    for name, part in properties(schema).items():
        if part.get("format") in {"date", "date-time"} and isinstance(body.get(name), str):
            day, rest = body[name][:10], body[name][10:]
            with suppress(ValueError):
                moved[name] = (date.fromisoformat(day) + timedelta(days)).isoformat() + rest
    return {**body, **moved}


def _lists(operation: Operation) -> bool:
    """Whether an answer is a list of things, as far as the document tells."""
    schema = operation.answer_schema
    return not schema or meaning.answers_list(schema)


def fitting(text: Any, schema: Schema) -> Any:
    """An id as the schema wants it; None where it is none of that kind."""
    if not isinstance(text, str) or not text:
        return None
    if type_of(schema) in {"integer", "number"}:
        return int(text) if text.isdecimal() else None
    if schema.get("format") == "uuid":
        return text if len(text) == 36 else None
    return text


def _references(
    schema: Schema, body: Any, above: Path, depth: int
) -> Iterator[tuple[Path, str, Schema]]:
    """The members that name other things, as far as the body has them."""
    if depth <= 0 or not isinstance(body, dict):
        return
    for name, part in properties(schema).items():
        if name not in body:
            continue
        here, inner = (*above, name), body[name]
        if type_of(part) == "object":
            yield from _references(part, inner, here, depth - 1)
        elif isinstance(inner, list) and inner and isinstance(part.get("items"), dict):
            yield from _references(part["items"], inner[0], (*here, 0), depth - 1)
        elif _is_reference(name, part):
            yield here, name, part


def _is_reference(name: str, schema: Schema) -> bool:
    told = set(words(name))
    if schema.get("enum") or meaning.is_amount(name, schema):
        return False
    return bool(told & {"id", "uuid", "guid", "ref"} or told & _TOWARDS) or (
        schema.get("format") == "uuid"
    )


def moments(answers: Sequence[Answer]) -> set[str]:
    """The ids of what successes say was made."""
    return {key for a in answers if a.ok and (key := named(a, "id"))}
