"""Trying pairs and markers at inlets: cheaply first, and again with care where one stands out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.baselines import baselines
from l7audit_suites.input.breaks import suspicious
from l7audit_suites.input.ground import ask_all, word
from l7audit_suites.input.inlets import Inlet
from l7audit_suites.input.likeness import same
from l7audit_suites.input.pairs import (
    EITHER,
    NUMERIC,
    QUOTINGS,
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
_INVALID = 422
"""What validators answer, and databases never do."""


def hunt(check: Check, inlets: Sequence[Inlet], what: str) -> None:
    """Expects that at no inlet a condition of SQL decides what is answered.

    First conditions that hold, for either kind of quote at once, beside none at all; only what
    stands out is asked in pairs.
    """
    values = [_value(inlet) for inlet in inlets]
    plain = ask_all(check, [i.request(v) for i, v in zip(inlets, values, strict=True)])
    fitting = []
    for inlet, value, base in zip(inlets, values, plain, strict=True):
        if misfits(base):  # what takes no word takes no condition either
            check.expect(True, inlet.place, what)
        else:
            fitting.append(_Tried(inlet, value, base))
    held = _held(check, [(t, f) for t in fitting for f in (NUMERIC if t.inlet.numeric else EITHER)])
    # What is too long, or has too many kinds of quotes, is tried with one kind after the other.
    refused = {h.tried for h in held if misfits(h.answer) and not h.tried.inlet.numeric}
    held += _held(check, [(t, form) for t in fitting if t in refused for form in QUOTINGS])
    for tried in fitting:
        inlet, seen = tried.inlet, [h for h in held if h.tried is tried]
        guilty = any(
            confirm(inlet, h.form, tried.value, what, "" if inlet.numeric else harmless(h.form))
            for h in seen
            if tried.stands_out(h.text, h.answer)
        )
        parsed = inlet.numeric and bool(seen) and all(h.answer.status == _INVALID for h in seen)
        if parsed:  # what reads a number before anything else sees it refuses all that is none
            check.expect(True, inlet.place, what)
            continue
        if not guilty and (inlet.numeric or any(suspicious(tried.base, h.answer) for h in seen)):
            mended(check, inlet, (tried.value, tried.base))
        check.expect(not guilty, inlet.place, what)


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """An inlet, the value before the conditions, and the answer to it alone."""

    inlet: Inlet
    value: str
    base: Answer

    def stands_out(self, text: str, answer: Answer) -> bool:
        """Whether a text was answered with success, and with something else than the value."""
        return answer.ok and not same(answer, self.base, [text, self.value])


@dataclass(frozen=True, slots=True)
class _Held:
    """A condition that holds, as it was put to an inlet, and what was answered."""

    tried: _Tried
    form: str
    text: str
    answer: Answer


def _held(check: Check, tried: Sequence[tuple[_Tried, str]]) -> list[_Held]:
    texts = [condition(check.random, form, t.value).true for t, form in tried]
    answers = ask_all(check, [t.inlet.request(x) for (t, _), x in zip(tried, texts, strict=True)])
    return [_Held(t, f, x, a) for (t, f), x, a in zip(tried, texts, answers, strict=True)]


def misfits(answer: Answer) -> bool:
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
    found = [i for i, t in zip(inlets, baselines(check, inlets), strict=True) if t.taken]
    if needed and not found:
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
