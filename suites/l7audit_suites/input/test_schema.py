"""Input that does not fit its schema: refused, and without a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.schemas import alternative, properties, type_of
from l7audit.target.target_model import Surface
from l7audit_suites.input.ground import (
    Caller,
    Made,
    Workshop,
    able,
    ask_all,
    others,
    word,
    workshops,
)
from l7audit_suites.input.inlets import of_making, of_queries, reads
from l7audit_suites.input.mutations import MALFORMED, Broken, bodies, numbers, texts

_BUSY = {429, 502, 503, 504}
_MOST = 120
"""Broken bodies that one operation is given."""

_SURE = 300
"""Refusals without one exception that leave, at 95 %, no more than one in a hundred open."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that breaks its schema, and where."""

    surface: Surface
    part: str
    request: Request
    broken: Broken | None = None

    @property
    def asks(self) -> bool:
        """Whether it only reads, by a query."""
        return self.broken is None and self.request.method == "GET"

    def kept(self, answer: Answer) -> bool:
        """Whether a success may have kept what is forbidden: not where a thing that is changed
        shows another value, or where a member was left out, as changes in part leave out most."""
        if self.broken is None or self.request.method not in {"PUT", "PATCH"}:
            return True
        if self.broken.absent:
            return False
        body = answer.json_or_none()
        shown = body.get(self.broken.member, _UNSEEN) if isinstance(body, dict) else _UNSEEN
        return shown is _UNSEEN or bool(shown == self.broken.value)


_UNSEEN = object()
PAGE = "text/html"


@pytest.mark.control("INPUT-23")
def test_what_does_not_fit_its_schema_is_refused(check: Check) -> None:
    rooms = workshops(check, stocked=False)
    who = others(check, rooms)
    trials = [
        *_made(rooms),
        *_changed(check, rooms),
        *_asked(check, who),
        *_queried(check, rooms, who),
    ]
    trials = one_of_each(trials, check.sample(_SURE))
    if not trials:
        check.inconclusive("The document's schemas forbid nothing that could be tried.")
    check.witness("what fits its schema is taken", lambda: rooms[0].make().answer)
    answers = ask_all(check, [trial.request for trial in trials])
    busy = [a for a in answers if a.status is None or a.status in _BUSY]
    if busy:
        check.observe("The target did not decide.", *busy[:3])
        check.inconclusive(f"{len(busy)} of {len(trials)} answers were no decision.")
    judged = good = 0
    for trial, answer in zip(trials, answers, strict=True):
        if trial.request.method == "GET" and answer.ok and answer.media_type == PAGE:
            continue  # a page for people, which shows itself whatever its form held
        refused = _refused(answer) or (answer.ok and not trial.kept(answer))
        judged, good = judged + 1, good + refused
        if answer.ok:
            _discard(rooms, trial, answer)
        check.expect(
            refused,
            trial.surface.place(trial.part),
            "input that its schema forbids is not refused",
            answer,
            expected="a status of the 4xx class, or an error in its stead",
            # Who bounds a number of a query, or passes over it, answers soundly and keeps nothing.
            confidence=Confidence.WEAK if trial.asks else Confidence.CONFIRMED,
            cause="queries are not held against their schemas"
            if trial.asks
            else f"what {trial.surface.place()} takes is not held against its schema",
        )
    check.measure(
        "invalid inputs refused",
        "ratio",
        successes=good,
        trials=judged,
        documented="input-validation-success",
    )


def _refused(answer: Answer) -> bool:
    """Whether input was turned away: by a 4xx, or with 200 and an error for all content, as
    services do whose clients look at a member of each answer and never at its status."""
    status = answer.status or 0
    return 400 <= status < 500 or (200 <= status < 300 and not answer.ok)


def one_of_each(trials: Sequence[Trial], most: int) -> list[Trial]:
    """One for each way to break each part (what is far too long tells no more than what is), and
    of the rest as many as make `most` in all."""
    found: dict[tuple[str, str], Trial] = {}
    rest = []
    for trial in trials:
        key = str(trial.surface.place()), trial.part.replace(": far ", ": ")
        if found.setdefault(key, trial) is not trial:
            rest.append(trial)
    return [*found.values(), *rest[: max(0, most - len(found))]]


def _discard(rooms: Sequence[Workshop], trial: Trial, answer: Answer) -> None:
    for room in rooms:
        if room.surface.operation == trial.surface.operation:
            room.keep(answer)


def _trials(surface: Surface, body: Any, request: Any) -> Iterator[Trial]:
    for broken in bodies(surface.operation.json_schema)[:_MOST]:
        part = f"{broken.member or 'body'}: {broken.why}"
        yield Trial(surface, part, request(broken.applied(body)), broken)
    whole = request(body)
    for content in MALFORMED:
        yield Trial(surface, "body: no JSON", replace(whole, content=content))


def _made(rooms: Sequence[Workshop]) -> Iterator[Trial]:
    """Things that are to be made of what is forbidden."""
    for room in rooms:
        if isinstance(room.surface.body(), dict):
            yield from _trials(
                room.surface, room.surface.body(), lambda body, r=room: r.request(json=body)
            )


def _changed(check: Check, rooms: Sequence[Workshop]) -> Iterator[Trial]:
    """Things that are there, to be changed into what is forbidden."""
    for room, surface, made in changeable(check, rooms):
        auth = room.caller.auth(surface)
        yield from _trials(
            surface,
            surface.body(),
            lambda body, s=surface, a=auth, m=made: s.request(a, path=m.path, json=body),
        )


def changeable(check: Check, rooms: Sequence[Workshop]) -> Iterator[tuple[Workshop, Surface, Made]]:
    """A thing of each workshop that can be changed, with the operation that does."""
    for room in rooms:
        if room.reader is None:
            continue
        for operation in check.model.operations:
            if (
                operation.template == room.reader.operation.template
                and Kind.RESOURCE_CHANGE in operation.kinds
                and properties(operation.json_schema)
            ):
                made = room.make()
                if made.path:
                    yield room, check.model.surface(operation), made


def _asked(check: Check, who: Sequence[Caller]) -> Iterator[Trial]:
    """Searches and chats."""
    for kind in (Kind.SEARCH, Kind.CHAT):
        for surface in check.model.surfaces(kind, limit=2):
            if not properties(surface.operation.json_schema):
                continue
            allowed = able(who, surface)
            if allowed is not None:
                auth = allowed.auth(surface)
                yield from _trials(
                    surface, surface.body(), lambda body, s=surface, a=auth: s.request(a, json=body)
                )


def _queried(check: Check, rooms: Sequence[Workshop], who: Sequence[Caller]) -> Iterator[Trial]:
    """Queries with forbidden values."""
    for inlet in of_queries(who, reads(check, rooms)):
        schema = alternative(inlet.schema)
        tried: list[tuple[Any, str]] = []
        if inlet.numeric:
            tried = [("lq", "no number"), ("", "empty"), *numbers(schema)]
        elif "enum" in schema:
            tried = [("lq-none-of-them", "not in the list")]
        elif type_of(schema) == "string":
            tried = list(texts(schema))
        for value, why in tried:
            yield Trial(inlet.surface, f"query {inlet.name}: {why}", inlet.request(value))


@pytest.mark.control("INPUT-24")
def test_what_is_refused_leaves_nothing_behind(check: Check) -> None:
    rooms = workshops(check, stocked=False)
    check.witness("what fits its schema is taken and shown", lambda: _shown(rooms[0]))
    looked = 0
    for room in rooms:
        marked, marker = _marked(room), word()
        if not marked or room.lister is None:
            continue
        answers = []
        for broken in _one_a_member(room.surface, marked):
            body = broken.applied({**room.surface.body(), marked: marker})
            answers.append(room.sent(room.request(json=body)).answer)
        refused = [a for a in answers if _refused(a)]
        listing = room.listed()
        if not refused or listing is None or not listing.ok:
            continue
        looked += 1
        room.discard_marked(listing, marker)
        check.expect(
            len(refused) < len(answers) or marker not in listing.text,
            room.surface.place("refused body"),
            "a thing whose making was refused is there all the same",
            refused[0],
            listing,
            expected="nothing of what was refused",
            seen="its name in the listing",
        )
    looked += _unchanged(check, rooms)
    if not looked:
        check.inconclusive("Nothing was refused that could have left a trace.")


def _shown(room: Workshop) -> bool:
    made = room.make()
    shown = room.shown(made)
    return made.answer.ok and (shown is None or shown.ok)


def _unchanged(check: Check, rooms: Sequence[Workshop]) -> int:
    """Expects that a refused change changes nothing; answers how many were looked at."""
    looked = 0
    for room, surface, made in changeable(check, rooms):
        marked, marker = _marked(room), word()
        members = properties(surface.operation.json_schema)
        broken = [b for b in _one_a_member(surface, marked) if b.member]
        if marked not in members or not broken:
            continue
        auth = room.caller.auth(surface)
        body = broken[0].applied({marked: marker})
        answer = room.caller.send(surface.request(auth, path=made.path, json=body))
        shown = room.shown(made)
        if answer.ok or shown is None or not shown.ok:
            continue
        looked += 1
        check.expect(
            marker not in shown.text,
            surface.place("refused body"),
            "a change that was refused was made all the same",
            answer,
            shown,
            expected="the thing as it was",
            seen="the text of the refused change",
        )
    return looked


def _marked(room: Workshop) -> str:
    """The member that a marker goes into; empty without one."""
    return next((i.name for i in of_making(room) if i.where == "body"), "")


def _one_a_member(surface: Surface, but: str) -> list[Broken]:
    """One broken value for each member, save one."""
    found: dict[str, Broken] = {}
    for broken in bodies(surface.operation.json_schema):
        if broken.member and broken.member != but and not broken.absent:
            found.setdefault(f"{broken.member} {broken.why.startswith('too')}", broken)
    return list(found.values())[:4]
