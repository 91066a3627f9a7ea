"""Requests that an operation takes from somebody: the ids in their bodies are of what there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.filling import Filler
from l7audit.target.origins import items
from l7audit.target.schemas import Schema, properties
from l7audit.target.target_model import Surface
from l7audit.target.values import keep, things, values_in
from l7audit_suites.authz.people import casts_of, in_use
from l7audit_suites.authz.things import ask
from l7audit_suites.authz.told import learn_secrets, named

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
    """Where a pair's requests are written."""

    check: Check
    pair: Pair
    nth: int = 0
    """Which of the things there are is named where any would do."""

    def bodies(self, surface: Surface) -> Iterator[Any]:
        """Bodies that the operation may take: with ids of what there is, with people by what else
        they are called, on other days, since the first may be taken, and then as made up."""
        filled = self.filled(surface).body()
        yield filled
        called = [self.filled(surface, turn).body() for turn in range(1, _MOST_NAMES)]
        yield from (b for n, b in enumerate(called) if b not in (filled, *called[:n]))
        later = _later(filled, surface.operation.json_schema, self.check.random.randrange(3, 300))
        if later != filled:
            yield later
        if filled != (body := replace(surface, members={}).body()):
            yield body

    def filled(self, surface: Surface, turn: int = 0) -> Surface:
        """The operation with ids of what there is, for who asks and for the other."""
        filler = Filler(
            self.check.model, self.check.sessions, self.pair.owner, self.pair.other, self.nth
        )
        return filler.filled(surface, turn)

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


def moments(answers: Sequence[Answer]) -> set[str]:
    """The ids of what successes say was made."""
    return {key for a in answers if a.ok and (key := named(a, "id"))}
