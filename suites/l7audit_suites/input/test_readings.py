"""One body, one reading: no second meaning that only one part of the target sees."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit.probe.request import Request
from l7audit.target.operation import is_json
from l7audit.target.schemas import properties
from l7audit_suites.input.ground import Workshop, count, taking_json, word, workshops
from l7audit_suites.input.inlets import Inlet, listings, of_queries
from l7audit_suites.input.mutations import numbers, texts

SIMPLE = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=lq", "")
"""Types that a foreign page may send without asking; the last is none at all."""


@pytest.mark.control("INPUT-17")
def test_a_member_given_twice_is_not_read_in_two_ways(check: Check) -> None:
    rooms = taking_json(workshops(check, stocked=False))
    tried = [(room, *found) for room in rooms if (found := _strict(room)) is not None]
    if not tried:
        check.not_applicable("No member of a body is bounded, so that two readings differ.")
    looked = 0
    for room, name, good, bad in tried:
        if room.make(fields={name: bad}).answer.ok or not room.make(fields={name: good}).answer.ok:
            continue
        looked += 1
        check.witness("the bounded member is taken", room.takes, once=looked > 1)
        for first, second in ((good, bad), (bad, good)):
            made = room.sent(twice(room, name, first, second))
            shown = room.shown(made) or made.answer
            check.expect(
                not (made.answer.ok and bad in shown.text),
                room.surface.place(f"body {name} twice"),
                "of a member given twice one value was judged and the other used",
                made.answer,
                shown,
                expected="a refusal, or the same value for both",
                seen="the value that is refused alone",
            )
    if not looked:
        check.inconclusive("No bounded member refused what its schema forbids.")


def _strict(room: Workshop) -> tuple[str, str, str] | None:
    """A member with a text that it takes and one that is too long for it."""
    body = room.surface.body()
    for name, part in properties(room.operation.json_schema).items():
        long = [text for text, why in texts(part) if why == "too long"]
        if long and isinstance(body.get(name), str):
            return name, body[name], long[0]
    return None


def twice(room: Workshop, name: str, first: str, second: str) -> Request:
    """The request with a member twice, in this order: for a while the second goes by another
    name."""
    rest = {k: v for k, v in room.surface.body().items() if k != name}
    other = word()
    once = room.request(json={**rest, name: first, other: second})
    same = json.dumps(name, ensure_ascii=False)
    return replace(once, content=once.content.replace(f'"{other}"'.encode(), same.encode()))


@pytest.mark.control("INPUT-18")
def test_a_parameter_given_twice_is_not_read_in_two_ways(check: Check) -> None:
    rooms = workshops(check)
    for room in rooms:
        room.make()
    # Who made the things is shown them, whoever else may list what is there.
    asked = [i for room in rooms for i in of_queries([room.caller], listings([room]))]
    looked = 0
    for inlet, bad in _bounded(asked):
        one = inlet.caller.send(inlet.request("1"))
        many = inlet.caller.send(inlet.request(None))
        alone = inlet.caller.send(inlet.request(bad))
        if count(one) != 1 or count(many) < 2 or alone.ok:
            continue
        looked += 1
        check.witness("the bound is kept", partial(inlet.ask, "1"))
        for first, second in (("1", bad), (bad, "1")):
            request = inlet.request(first)
            request = replace(request, path=f"{request.path}&{inlet.name}={second}")
            answer = inlet.caller.send(request)
            check.expect(
                count(answer) <= 1,
                inlet.place,
                "of a parameter given twice one value was judged and the other used",
                answer,
                expected="a refusal, or one thing as for the value that is allowed",
                seen=f"{count(answer)} things, as for a value that is refused alone",
            )
    if not looked:
        check.not_applicable("No listing has a bounded parameter that shows which value was used.")


def _bounded(inlets: Iterable[Inlet]) -> Iterator[tuple[Inlet, str]]:
    for inlet in inlets:
        large = [n for n, why in numbers(inlet.schema) if why == "too large"]
        if inlet.numeric and large:
            yield inlet, str(large[0])


@pytest.mark.control("INPUT-22")
def test_a_body_is_only_read_as_the_type_that_it_says(check: Check) -> None:
    rooms = taking_json(workshops(check, stocked=False))
    if not rooms:
        check.not_applicable("Nothing is made from a JSON body.")
    for room in rooms:
        check.witness("JSON that says so is taken", room.takes, once=room is not rooms[0])
        declared = {m.split(";")[0] for m in room.operation.bodies if not is_json(m)}
        by_browsers = room.caller.auth(room.surface).place == "cookie"
        for media in (m for m in SIMPLE if m.split(";")[0] not in declared):
            request = room.request().without_header("Content-Type")
            if media:
                request = request.with_header("Content-Type", media)
            made = room.sent(request)
            shown = room.shown(made) if made.answer.ok else None
            check.expect(
                not (made.answer.ok and (shown is None or shown.ok)),
                room.surface.place(f"Content-Type {media.split(';')[0] or 'absent'}"),
                "a JSON body that says to be something else is taken as JSON",
                made.answer,
                *([shown] if shown is not None else []),
                expected="415, or another refusal",
                seen="the thing was made",
                # Only what browsers send along by themselves lets another site make use of it.
                confidence=Confidence.CONFIRMED if by_browsers else Confidence.WEAK,
            )
