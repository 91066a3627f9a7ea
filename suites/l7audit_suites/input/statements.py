"""Statements of SQL that a quote breaks: looked for wherever a text goes in, also where nothing of
what the database finds is ever shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.breaks import BREAK, Round, rounds, suspicious
from l7audit_suites.input.ground import word
from l7audit_suites.input.inlets import Inlet
from l7audit_suites.input.joining import by_door, together
from l7audit_suites.input.parts import Part
from l7audit_suites.input.signs import refuses_signs

DATA = "the same answer whether the condition holds or not"
_BROKEN = "a quote in this input breaks a statement of SQL"
_MENDED = "another answer where a quote is left open, and the usual one where SQL closes it, twice"


def unbroken(check: Check, parts: Sequence[Part]) -> None:
    """Expects that a quote breaks no statement behind texts of calls that change something.

    All texts of a call are broken at once; one by one only where that was not simply taken.
    """
    for door, found in by_door(parts):
        for part in filter(refuses_signs, found):
            mended(check, part)  # it would spoil the others
        inner = [part for part in found if not refuses_signs(part)]
        if not inner:
            continue
        request = together(inner, [word() + BREAK] * len(inner))
        if not suspicious(door.answer, door.kept(door.caller.send(request))):
            check.expect(True, door.surface.place(), _BROKEN)
            continue
        for part in inner:
            mended(check, part)


def mended(check: Check, inlet: Inlet, known: tuple[str, Answer] | None = None) -> None:
    """Expects that SQL's grammar does not decide how a text is answered; `known` as `rounds`."""
    usual = inlet.plain or ("1" if inlet.numeric else "")
    found = rounds(inlet.ask, lambda: usual or word(), known)
    _told(check, inlet.place, found)


def judged(
    check: Check, place: Place, ask: Callable[[str], Answer], usual: Callable[[], str]
) -> None:
    """As `mended`, of whatever takes a text."""
    _told(check, place, rounds(ask, usual))


def _told(check: Check, place: Place, found: Sequence[Round]) -> None:
    check.expect(
        not found,
        place,
        _BROKEN,
        *[a for r in found for a in r.answers],
        expected=DATA,
        seen=_MENDED,
        confidence=Confidence.STRONG,
    )
