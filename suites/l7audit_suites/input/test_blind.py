"""Interpreters that tell nothing: only the time that they take gives them away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit.target.surface import Surface
from l7audit_suites.input.baselines import baselines, taking
from l7audit_suites.input.delays import ROUNDS, SECONDS, SLEEPS, decides, waits
from l7audit_suites.input.ground import Caller, Workshop
from l7audit_suites.input.inlets import HEADERS, Inlet, of_paths, planted
from l7audit_suites.input.joining import by_door, joined, together
from l7audit_suites.input.parts import reach

_USUAL = 3
_MOST_ASKED = 16
_MOST_ACTING, _FEW = 10, 3
_HARMLESS = "lq 'a' (b)"
"""What takes this takes brackets and quotes."""

_MOST_CONFIRMED = 6
"""Openings at which it is enough to have shown that something waits."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A place where a text goes in. `ask` sends a text and answers; `inner`: the places that it is
    made of, where there are several."""

    place: Place
    ask: Callable[[str], Answer]
    inner: tuple[Inlet, ...] = ()

    def told_apart(self, form: str) -> Place:
        """The first of its places that waits alone."""
        for inlet in self.inner:
            if _seconds(inlet.ask(_text(form, SECONDS))) > SECONDS:
                return inlet.place
        return self.place


@pytest.mark.control("INPUT-05")
def test_no_input_makes_an_interpreter_wait(check: Check) -> None:
    openings = list(_openings(check))
    first = openings[0]
    check.witness("a harmless text is answered", lambda: first.ask("lq"))
    confirmed = 0
    for opening in openings:
        usual: list[float] = []
        guilty: list[Answer] = []
        place = opening.place
        for form in SLEEPS:
            took = _seconds(opening.ask(_text(form, SECONDS)))
            if not waits(took, [0.0]) or confirmed >= _MOST_CONFIRMED:
                continue  # whatever is usual there
            usual = usual or [_seconds(opening.ask("lq")) for _ in range(_USUAL)]
            if not waits(took, usual):
                continue
            if guilty := _confirmed(opening, form):
                confirmed += 1
                place = opening.told_apart(form)
                break
        check.expect(
            not guilty,
            place,
            "an interpreter behind this input waits as long as it is told to",
            *guilty[:4],
            expected="the same time whatever the input says",
            seen=f"{SECONDS:g} s more each time that they were asked for, and only then",
            confidence=Confidence.STRONG,
        )


def _text(form: str, seconds: float) -> str:
    return form.format(t=f"{seconds:g}")


def _seconds(answer: Answer) -> float:
    return answer.milliseconds / 1000.0


def _confirmed(opening: Opening, form: str) -> list[Answer]:
    """Answers in turn, with the wait and without; none where they do not tell."""
    told: list[Answer] = []
    for _ in range(ROUNDS):
        told += [opening.ask(_text(form, SECONDS)), opening.ask(_text(form, 0))]
        if not decides([_seconds(a) for a in told[::2]], [_seconds(a) for a in told[1::2]]):
            return []
    return told[:4]


def _openings(check: Check) -> Iterator[Opening]:
    """Headers of one read, texts that are answered at once or acted on, and texts that are
    stored."""
    ground = reach(check)
    rooms = ground.rooms
    first = rooms[0] if rooms else (*ground.asking, *ground.acting)[0]
    surface = (rooms[0].lister if rooms else None) or first.surface
    yield from _headers(first.caller, surface)
    known = zip(ground.questions, baselines(check, ground.questions), strict=True)
    inlets = [i for i, t in known if t.taken][:_MOST_ASKED]
    for group in joined(inlets):
        yield from _openings_of(group)
    for inlet in of_paths(rooms):
        yield Opening(inlet.place, inlet.ask)
    acted = zip(ground.acting, baselines(check, ground.acting), strict=True)
    for _, parts in by_door([p for p, t in acted if t.taken])[:_MOST_ACTING]:
        yield from _openings_of(parts)
    for room in rooms:
        found = taking(room)
        if len(found) > 1 and not planted(room, found, _HARMLESS).answer.ok:
            found = [i for i in found if planted(room, [i], _HARMLESS).answer.ok]
        if found:
            yield Opening(room.surface.place(), partial(_stored, room, found))


def _headers(caller: Caller, surface: Surface) -> Iterator[Opening]:
    """Headers that services keep: all of them in one request, or those that are taken alone."""
    inlets = [Inlet(caller, surface, "header", name, "", {}) for name in HEADERS]

    def ask(text: str) -> Answer:
        named = dict.fromkeys(HEADERS, text)
        return caller.send(surface.request(caller.auth(surface), headers=named))

    if ask(_HARMLESS).ok:
        yield Opening(surface.place("headers"), ask, tuple(inlets))
    else:
        yield from (Opening(i.place, i.ask) for i in inlets)


def _openings_of(parts: Sequence[Inlet]) -> Iterator[Opening]:
    """Parts of one operation at once, or those that are taken alone."""
    taken = partial(_together, parts)
    if len(parts) == 1 or taken(_HARMLESS).ok:
        alone = len(parts) == 1
        place = parts[0].place if alone else parts[0].surface.place()
        yield Opening(place, taken, () if alone else tuple(parts))
    else:
        yield from (Opening(p.place, p.ask) for p in parts[:_FEW] if p.ask(_HARMLESS).ok)


def _together(parts: Sequence[Inlet], text: str) -> Answer:
    return parts[0].kept(parts[0].caller.send(together(parts, [text] * len(parts))))


def _stored(room: Workshop, inlets: list[Inlet], text: str) -> Answer:
    return planted(room, inlets, text).answer
