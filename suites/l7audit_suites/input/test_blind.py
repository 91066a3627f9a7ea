"""Interpreters that tell nothing: only the time that they take gives them away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.delays import ROUNDS, SECONDS, SLEEPS, decides, waits
from l7audit_suites.input.ground import Workshop, word
from l7audit_suites.input.inlets import HEADERS, Inlet, of_making, of_paths, planted
from l7audit_suites.input.parts import Part, by_door, reach, together

_USUAL = 3
_MOST_ASKED = 16
_MOST_ACTING, _FEW = 10, 3
_HARMLESS = "lq 'a' (b)"
"""What takes this takes brackets and quotes."""

_MOST_CONFIRMED = 6
"""Openings at which it is enough to have shown that something waits."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A place where a text goes in. `ask` sends a text and answers."""

    place: Place
    ask: Callable[[str], Answer]


@pytest.mark.control("INPUT-05")
def test_no_input_makes_an_interpreter_wait(check: Check) -> None:
    openings = list(_openings(check))
    first = openings[0]
    check.witness("a harmless text is answered", lambda: first.ask("lq"))
    confirmed = 0
    for opening in openings:
        usual: list[float] = []
        guilty: list[Answer] = []
        for form in SLEEPS:
            took = _seconds(opening.ask(_text(form, SECONDS)))
            if not waits(took, [0.0]) or confirmed >= _MOST_CONFIRMED:
                continue  # whatever is usual there
            usual = usual or [_seconds(opening.ask("lq")) for _ in range(_USUAL)]
            if not waits(took, usual):
                continue
            if guilty := _confirmed(opening, form):
                confirmed += 1
                break
        check.expect(
            not guilty,
            opening.place,
            "an interpreter behind this input waits as long as it is told to",
            *guilty[:4],
            expected="the same time whatever the input says",
            seen=f"{SECONDS:g} s more each time that they were asked for, and only then",
            confidence=Confidence.STRONG,
        )


def _text(form: str, seconds: float) -> str:
    return "lq" + form.format(t=f"{seconds:g}")


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
    for name in HEADERS:
        inlet = Inlet(first.caller, surface, "header", name, "", {})
        yield Opening(inlet.place, inlet.ask)
    inlets = [i for i in ground.questions[:_MOST_ASKED] if i.ask(word()).ok]
    for inlet in [*inlets, *of_paths(rooms)]:
        yield Opening(inlet.place, inlet.ask)
    for door, parts in by_door(ground.acting)[:_MOST_ACTING]:
        taken = partial(_together, parts)
        if taken(_HARMLESS).ok:
            yield Opening(door.surface.place(), taken)
        else:
            yield from (Opening(p.place, p.ask) for p in parts[:_FEW] if p.ask(_HARMLESS).ok)
    for room in rooms:
        taking = [i for i in of_making(room) if planted(room, [i], _HARMLESS).answer.ok]
        if taking:
            yield Opening(room.surface.place(), partial(_stored, room, taking))


def _together(parts: Sequence[Part], text: str) -> Answer:
    door = parts[0].door
    assert door is not None  # they are parts of one
    return door.kept(door.caller.send(together(parts, text)))


def _stored(room: Workshop, inlets: list[Inlet], text: str) -> Answer:
    return planted(room, inlets, text).answer
