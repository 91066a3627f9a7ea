"""Trying pairs and markers at inlets: cheaply first, and again with care where one stands out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.breaks import BREAK, suspicious
from l7audit_suites.input.ground import Made, Workshop, ask_all, word
from l7audit_suites.input.inlets import Inlet, of_making, planting
from l7audit_suites.input.likeness import same, spoken
from l7audit_suites.input.markers import Marker
from l7audit_suites.input.pairs import (
    NUMERIC,
    Pair,
    Told,
    condition,
    decides,
    differs,
    harmless,
    is_null,
    tell,
)
from l7audit_suites.input.queries import BROKEN, Query
from l7audit_suites.input.statements import DATA, mended

_NOTHING = 404
COMPUTED = "what was sent, as it was sent, or a refusal"


def hunt(check: Check, inlets: Sequence[Inlet], forms: Sequence[str], what: str) -> None:
    """Expects that at no inlet a condition decides what is answered.

    First a condition that holds beside none at all; only what stands out is asked in pairs.
    """
    values = [_value(inlet) for inlet in inlets]
    plain = ask_all(check, [i.request(v) for i, v in zip(inlets, values, strict=True)])
    for inlet, base in zip(inlets, plain, strict=True):
        if _misfits(base):  # what takes no word takes no condition either
            check.expect(True, inlet.place, what)
    fitting = [(i, v, a) for i, v, a in zip(inlets, values, plain, strict=True) if not _misfits(a)]
    if not fitting:
        return
    inlets, values, plain = (list(column) for column in zip(*fitting, strict=True))
    tried = [
        (inlet, value, base, form, condition(check.random, form, value))
        for inlet, value, base in zip(inlets, values, plain, strict=True)
        for form in (NUMERIC if inlet.numeric else forms)
    ]
    broken = [i.request(f"{v}{BREAK}") for i, v in zip(inlets, values, strict=True)]
    answers = ask_all(check, [*(i.request(p.true) for i, _, _, _, p in tried), *broken])
    guilty: set[str] = set()
    for (inlet, value, base, form, pair), answer in zip(tried, answers, strict=False):
        stands_out = answer.ok and not same(answer, base, [pair.true, value])
        if not stands_out or str(inlet.place) in guilty:
            continue
        if confirm(inlet, form, value, what, "" if inlet.numeric else harmless(form)):
            guilty.add(str(inlet.place))
    for inlet, base, answer in zip(inlets, plain, answers[len(tried) :], strict=True):
        if str(inlet.place) not in guilty and suspicious(base, answer):
            mended(check, inlet)
        check.expect(str(inlet.place) not in guilty, inlet.place, what)


def _misfits(answer: Answer) -> bool:
    """Whether a text was refused for its form."""
    return answer.status in {400, 415, 422} or (answer.status == 200 and not answer.ok)


def _value(inlet: Inlet) -> str:
    """What stands before the condition: what the schema gives, or a word that finds nothing."""
    return inlet.plain or ("1" if inlet.numeric else word())


def confirm(inlet: Inlet, form: str, value: str, what: str, null: str = "") -> bool:
    """Whether two pairs of that form differ in the same way, and one of the `null` form does not:
    then it is a finding."""
    chance = inlet.caller.check.random

    def pairs() -> tuple[Pair, Pair | None]:
        pair = condition(chance, form, value)
        return pair, condition(chance, null, value) if null else None

    return confirmed(inlet, pairs, what)


def confirmed(inlet: Inlet, pairs: Callable[[], tuple[Pair, Pair | None]], what: str) -> bool:
    """Whether two pairs differ in the same way, and no null pair does: then it is a finding."""

    def asked(pair: Pair) -> Told:
        return tell(lambda text: inlet.caller.send(inlet.request(text)), pair)

    pair, null = pairs()
    first = asked(pair)
    if not differs(first):
        return False
    second = asked(pairs()[0])
    if not decides(first, second) or (null is not None and is_null(first, asked(null))):
        return False
    inlet.caller.check.violation(
        inlet.place,
        what,
        *(first.true, first.false, second.true, second.false),
        expected=DATA,
        confidence=Confidence.STRONG,
        seen="one answer where it holds and another where it does not, twice",
    )
    return True


def answered(answer: Answer) -> bool:
    """Whether a text was taken and looked for, whether or not it was found."""
    return answer.ok or answer.status == _NOTHING


def free(check: Check, inlets: Sequence[Inlet], *, needed: bool = True) -> list[Inlet]:
    """Those that take any word. Ends the check where all want a text of some form, if one is
    `needed`."""
    answers = ask_all(check, [inlet.request(word()) for inlet in inlets])
    found = [inlet for inlet, answer in zip(inlets, answers, strict=True) if answer.ok]
    if needed and not found:
        check.observe("No text was taken that is none of the usual.", *answers[:3])
        check.not_applicable("No read of the target takes any text to look for.")
    return found


def inquire(
    check: Check, inlets: Sequence[Inlet], queries: Sequence[Query], errors: re.Pattern[str],
    what: str,
) -> None:  # fmt: skip
    """Expects that no way out of a query decides what is answered, and that none breaks one.

    First what holds beside a word that finds nothing; only what stands out is asked in pairs.
    """
    plain = ask_all(check, [inlet.request(word()) for inlet in inlets])
    tried = [
        (inlet, base, query, query.pairs(check.random, word())[0].true)
        for inlet, base in zip(inlets, plain, strict=True)
        for query in queries
    ]
    requests = [inlet.request(text) for inlet, _, _, text in tried]
    requests += [inlet.request(BROKEN) for inlet in inlets]
    answers = ask_all(check, requests)
    guilty: set[Place] = set()
    for (inlet, base, query, text), answer in zip(tried, answers, strict=False):
        stands_out = answer.ok and not same(answer, base, [text])
        if stands_out and inlet.place not in guilty:
            pairs = partial(query.pairs, check.random, word())
            guilty |= {inlet.place} if confirmed(inlet, pairs, what) else set()
    for inlet, base, answer in zip(inlets, plain, answers[len(tried) :], strict=True):
        told = errors.search(answer.text)
        check.expect(
            told is None or errors.search(base.text) is not None or inlet.place in guilty,
            inlet.place,
            what,
            base,
            answer,
            expected=DATA,
            seen="the error of a query that could not be read",
            confidence=Confidence.STRONG,
        )


def plant(
    rooms: Sequence[Workshop],
    forms: Sequence[str],
    what: str,
    prepare: Callable[[str], str] = str,
) -> int:
    """Expects that no text of a thing is computed; answers how many things could be made.

    A payload goes into all texts of a thing at once, or into one after the other where the whole
    is refused; what is then read back is searched for the product.
    """
    if not rooms:
        return 0
    check = rooms[0].check
    inlets = {room.surface.place().operation: list(of_making(room)) for room in rooms}
    tried = [
        _Planted(room, tuple(inlets[room.surface.place().operation]), form)
        for room in rooms
        for form in forms
        if inlets[room.surface.place().operation]
    ]
    first = _grown(check, tried, prepare)
    # What is refused as a whole, and what gives itself away, is tried text by text.
    again = [
        _Planted(p.room, (inlet,), p.form)
        for p, made, seen in first
        if len(p.inlets) > 1 and (seen or not made.answer.ok)
        for inlet in p.inlets
    ]
    second = _grown(check, again, prepare)
    told = {(p.room.surface.place().operation, p.form) for p, _, seen in second if seen}
    for p, made, seen in [*first, *second]:
        whole = len(p.inlets) > 1
        if whole and (p.room.surface.place().operation, p.form) in told:
            continue
        place = p.room.surface.place() if whole else p.inlets[0].place
        _judged(place, p.room, what, made, seen)
    return sum(made.answer.ok for _, made, _ in [*first, *second])


@dataclass(frozen=True, slots=True)
class _Planted:
    """A form of payload for some texts of one thing."""

    room: Workshop
    inlets: tuple[Inlet, ...]
    form: str


def _grown(
    check: Check, tried: Sequence[_Planted], prepare: Callable[[str], str]
) -> list[tuple[_Planted, Made, list[Answer]]]:
    """What was made with fresh markers, and the answers that hold their products."""
    markers = [Marker.random(check.random) for _ in tried]
    requests = [
        planting(p.room, p.inlets, prepare(m.payload(p.form)))
        for p, m in zip(tried, markers, strict=True)
    ]
    made = [p.room.keep(answer) for p, answer in zip(tried, ask_all(check, requests), strict=True)]
    reads = [p.room.shows(m) for p, m in zip(tried, made, strict=True)]
    shown = iter(ask_all(check, [request for request in reads if request is not None]))
    found = []
    for p, m, marker, read in zip(tried, made, markers, reads, strict=True):
        answers = [m.answer, *([next(shown)] if read is not None else [])]
        found.append((p, m, [a for a in answers if marker.computed(spoken(a))]))
    return found


def _judged(place: Place, room: Workshop, what: str, made: Made, seen: list[Answer]) -> None:
    room.check.expect(
        not seen,
        place,
        what,
        made.answer,
        *seen,
        expected=COMPUTED,
        seen="the product of two random numbers that were sent as factors",
    )


def _broke(answer: Answer) -> bool:
    """Whether a word was taken and something then failed on it: it was not refused."""
    return answer.status is not None and answer.status >= 500


def ask(inlets: Sequence[Inlet], forms: Sequence[str], what: str, together: str = "") -> None:
    """Expects that no answer to a payload in an inlet holds what only computing it gives.

    `together` is a text that holds all forms but the last: where it is taken as it is they need not
    be tried one by one.
    """
    if not inlets:
        return
    check = inlets[0].caller.check
    plain = ask_all(check, [i.request(i.plain + word()) for i in inlets])
    inlets = [i for i, a in zip(inlets, plain, strict=True) if i.kept(a).ok or _broke(a)]
    if not together:
        _asked(check, [(i, f) for i in inlets for f in forms], what)
        return
    answers = _asked(check, [(i, together) for i in inlets], what)
    taken = [a.ok for a in answers]
    whole = [(i, forms[-1]) for i, ok in zip(inlets, taken, strict=True) if ok]
    single = [(i, f) for i, ok in zip(inlets, taken, strict=True) if not ok for f in forms]
    _asked(check, [*whole, *single], what)


def _asked(check: Check, tried: Sequence[tuple[Inlet, str]], what: str) -> list[Answer]:
    """The answers to these payloads, each with factors of its own; none may hold their product."""
    markers = [Marker.random(check.random) for _ in tried]
    answers = ask_all(
        check,
        [
            i.request(m.payload(f, i.plain or "lq"))
            for (i, f), m in zip(tried, markers, strict=True)
        ],
    )
    for (inlet, _), marker, answer in zip(tried, markers, answers, strict=True):
        inlet.kept(answer)
        check.expect(
            not marker.computed(spoken(answer)),
            inlet.place,
            what,
            answer,
            expected=COMPUTED,
            seen="the product of two random numbers that were sent as factors",
        )
    return answers
