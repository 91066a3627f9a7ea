"""Numbers that say how many: none makes a page, an answer or the work as large as it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.target import quantities
from l7audit.target.values import values_in
from l7audit_suites.input.doors import Door
from l7audit_suites.input.parts import Part, counting
from l7audit_suites.pen.counts import (
    MANY,
    SECONDS,
    STEPS,
    allowed,
    follows,
    in_all,
    is_count,
    is_page,
    listed,
    said,
    takes_time,
)

_MOST = 12
_LATER = 1.0
"""Seconds that something which is made in the background is waited for."""

_NOT_YET = {202, 404, 409, 425}
_PAGES = "A page is as long as its reader says: nothing shows a bound."
_WORK = "A number that a caller sends makes the answer, or the work for it, as large as it says."


@pytest.mark.control("PEN-24")
def test_no_number_makes_an_answer_as_large_as_it_says(check: Check) -> None:
    parts = counting(check)
    pages = [p for p in parts if p.where == "query" and is_page(p.name)]
    counts = [p for p in parts if p not in pages and is_count(p.name) and not _spends(p)]
    if not pages and not counts:
        check.not_applicable("No operation takes a number that says how many.")
    for part in pages[:_MOST]:
        check.witness("a page of the usual length is answered", partial(_usual, part), once=True)
        _page_is_bounded(check, part)
    for part in counts[:_MOST]:
        check.witness("the usual number is taken", partial(_usual, part), once=True)
        _work_is_bounded(check, part)


def _spends(part: Part) -> bool:
    """Whether a number may be of what somebody has: that is not to be tried in thousands."""
    return Kind.AMOUNT_TAKING in part.surface.kinds and quantities.is_amount(part.name, part.schema)


def _usual(part: Part) -> Answer:
    assert part.door is not None
    return part.door.ask()


def _page_is_bounded(check: Check, part: Part) -> None:
    """A page of very many: refused, or answered by a page that says or shows a bound."""
    one, many = part.ask("1"), None
    if listed(one) != 1 or allowed(part.schema) >= MANY:
        check.observe("A page of one thing is not what was answered: nothing can be told.", one)
        return
    many = part.ask(str(MANY))
    if not many.ok:
        check.expect(True, part.place, "")
        return
    sure = _sure(part, many)
    check.expect(
        sure is None,
        part.place,
        _PAGES,
        one,
        many,
        expected=f"a refusal of {MANY}, or a page that says by how many it is bounded",
        seen=f"{listed(many)} things, with success",
        confidence=sure or Confidence.WEAK,
    )


def _sure(part: Part, many: Answer) -> Confidence | None:
    """How sure it is that nothing bounds a page; None where something does."""
    sizes = said(many)
    if sizes:
        return Confidence.STRONG if max(sizes) >= MANY else None
    most, shown = allowed(part.schema), listed(many)
    if shown == most or shown < in_all(many):
        return None
    # A page that holds less than any bound would leave tells nothing of it.
    return Confidence.STRONG if 0 < most < shown or shown > 2 * STEPS[1] else Confidence.WEAK


def _work_is_bounded(check: Check, part: Part) -> None:
    """A number that grows tenfold each time, as long as what is answered follows it."""
    sizes: list[float] = []
    seconds: list[float] = []
    answers: list[Answer] = []
    for number in STEPS:
        begun = time.monotonic()
        found = list(_answers(check, part, number))
        seconds.append(time.monotonic() - begun)
        answers.append(found[0])
        sizes.append(float(sum(len(a.body) for a in found if a.ok)))
        if not found[0].ok or (seconds[-1] < SECONDS and not follows(sizes)):
            check.expect(True, part.place, "")
            return
        if seconds[-1] >= SECONDS:
            break
    larger = number == STEPS[-1] and follows(sizes)
    check.expect(
        not (larger or takes_time(seconds)) or number <= allowed(part.schema),
        part.place,
        _WORK,
        *answers[-3:],
        expected="a refusal of what is more than anybody needs",
        seen=f"{sizes[-1]:.0f} bytes and {seconds[-1]:.1f} s at {number}, {sizes[0]:.0f} bytes and"
        f" {seconds[0]:.1f} s at {STEPS[0]}",
        confidence=Confidence.CONFIRMED if larger else Confidence.STRONG,
    )


def _answers(check: Check, part: Part, number: int) -> Iterator[Answer]:
    """The answer to a number, and what is read of what it made."""
    answer = part.ask(number)
    yield answer
    door = part.door
    if door is not None and door.operation.method == "POST" and answer.ok:
        yield from _made(check, door, answer)


def _made(check: Check, door: Door, answer: Answer) -> Iterator[Answer]:
    """What can be read of a thing that was just asked for, once it is there."""
    start = door.operation.template.rstrip("/")
    for operation in check.model.operations:
        inner = operation.template.removeprefix(f"{start}/").split("/")
        names = [p.name for p in operation.path_parameters]
        if operation.method != "GET" or not operation.template.startswith(f"{start}/{{"):
            continue
        if len(inner) > 2 or Kind.STREAMING in operation.kinds:
            continue
        found = values_in(answer.json_or_none(), (names[-1],))
        surface = check.model.surface(operation).with_values({**door.surface.values, **found})
        if surface.needs_values:
            continue
        request, end = surface.request(door.caller.auth(surface)), time.monotonic() + _LATER
        read = door.caller.send(request)
        while read.status in _NOT_YET and time.monotonic() < end:
            time.sleep(0.1)
            read = door.caller.send(request)
        yield read
