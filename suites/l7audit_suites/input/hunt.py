"""Trying pairs and markers at inlets: cheaply first, and again with care where one stands out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.ground import Made, Workshop, ask_all, word
from l7audit_suites.input.inlets import Inlet, of_making, planted
from l7audit_suites.input.likeness import same, spoken
from l7audit_suites.input.markers import Marker
from l7audit_suites.input.pairs import NUMERIC, Told, condition, decides, differs, tell

DATA = "the same answer whether the condition holds or not"
COMPUTED = "what was sent, as it was sent, or a refusal"


def hunt(check: Check, inlets: Sequence[Inlet], forms: Sequence[str], what: str) -> None:
    """Expects that at no inlet a condition decides what is answered.

    First a condition that holds beside none at all; only what stands out is asked in pairs.
    """
    values = [_value(inlet) for inlet in inlets]
    plain = ask_all(check, [i.request(v) for i, v in zip(inlets, values, strict=True)])
    tried = [
        (inlet, value, base, form, condition(check.random, form, value))
        for inlet, value, base in zip(inlets, values, plain, strict=True)
        for form in (NUMERIC if inlet.numeric else forms)
    ]
    answers = ask_all(check, [inlet.request(pair.true) for inlet, _, _, _, pair in tried])
    guilty: set[str] = set()
    for (inlet, value, base, form, pair), answer in zip(tried, answers, strict=True):
        stands_out = answer.ok and not same(answer, base, [pair.true, value])
        if stands_out and str(inlet.place) not in guilty and confirm(inlet, form, value, what):
            guilty.add(str(inlet.place))
    for inlet in inlets:
        check.expect(str(inlet.place) not in guilty, inlet.place, what)


def _value(inlet: Inlet) -> str:
    """What stands before the condition: what the schema gives, or a word that finds nothing."""
    return inlet.plain or ("1" if inlet.numeric else word())


def confirm(inlet: Inlet, form: str, value: str, what: str) -> bool:
    """Whether two pairs of that form differ in the same way: then it is a finding."""
    check = inlet.caller.check

    def asked() -> Told:
        pair = condition(check.random, form, value)
        return tell(lambda text: inlet.caller.send(inlet.request(text)), pair)

    first = asked()
    if not differs(first):
        return False
    second = asked()
    if not decides(first, second):
        return False
    check.violation(
        inlet.place,
        what,
        *(first.true, first.false, second.true, second.false),
        expected=DATA,
        seen="one answer where it holds and another where it does not, twice",
    )
    return True


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
    made = 0
    for room in rooms:
        inlets = list(of_making(room))
        for form in forms if inlets else ():
            thing, seen = _planted(room, inlets, form, prepare)
            made += thing.answer.ok
            if thing.answer.ok and not seen:
                _judged(room.surface.place(), room, what, thing, seen)
                continue
            for inlet in inlets if len(inlets) > 1 else ():
                alone, found = _planted(room, [inlet], form, prepare)
                made += alone.answer.ok
                _judged(inlet.place, room, what, alone, found)
                seen = [] if found else seen
            if seen:
                _judged(room.surface.place(), room, what, thing, seen)
    return made


def _planted(
    room: Workshop, inlets: Sequence[Inlet], form: str, prepare: Callable[[str], str]
) -> tuple[Made, list[Answer]]:
    """What was made with a fresh marker in these inlets, and the answers that hold its product."""
    marker = Marker.random(room.check.random)
    text = prepare(marker.payload(form))
    made = planted(room, inlets, text)
    answers = [made.answer]
    if made.answer.ok and (shown := room.shown(made)) is not None:
        answers.append(shown)
    return made, [a for a in answers if marker.computed(spoken(a))]


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


def ask(inlets: Sequence[Inlet], forms: Sequence[str], what: str) -> None:
    """Expects that no answer to a payload in an inlet holds what only computing it gives."""
    if not inlets:
        return
    check = inlets[0].caller.check
    plain = ask_all(check, [inlet.request(word()) for inlet in inlets])
    inlets = [i for i, answer in zip(inlets, plain, strict=True) if answer.ok]
    tried = [(i, f, Marker.random(check.random)) for i in inlets for f in forms]
    answers = ask_all(check, [i.request(m.payload(f)) for i, f, m in tried])
    for (inlet, _, marker), answer in zip(tried, answers, strict=True):
        check.expect(
            not marker.computed(spoken(answer)),
            inlet.place,
            what,
            answer,
            expected=COMPUTED,
            seen="the product of two random numbers that were sent as factors",
        )
