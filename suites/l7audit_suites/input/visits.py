"""Who comes to a listener of ours when its URL is given: to an operation that asks for one, or to
whatever takes a text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.baselines import taking
from l7audit_suites.input.calling import LATER, Way
from l7audit_suites.input.ground import ask_all
from l7audit_suites.input.inlets import Inlet, planted
from l7audit_suites.input.joining import joined, together
from l7audit_suites.input.listener import TLS, Listener, listening
from l7audit_suites.input.parts import reach
from l7audit_suites.input.urls import FEW, LEADERS, OF_THE_SYSTEM, PLAINLY, loopback

_ENOUGH = 3
"""Forms by which somebody came that are tried elsewhere, too."""


@dataclass(slots=True)
class Seen:
    """The forms of address that were `taken`, those for which somebody `came`, with answers, and
    the operations that called what another had stored."""

    taken: list[str] = field(default_factory=list)
    came: dict[str, list[Answer]] = field(default_factory=dict)
    callers: list[Place] = field(default_factory=list)


def tried(way: Way, listener: Listener, scheme: str, forms: Collection[str] = ()) -> Seen:
    """Gives it a URL of the listener in each form of loopback, or only in these `forms`, and sets
    off what was stored. Forms that are less disguised than others of their kind follow only where
    one of those was not refused, and nobody came yet."""
    seen = Seen()
    paths: dict[str, str] = {}
    led: set[str] = set()
    for name in _forms(way.check):
        if forms and name not in forms:
            continue
        if name in LEADERS and not forms and (seen.came or not led & set(LEADERS[name])):
            continue
        path = paths[name] = listener.path()
        before = listener.visits.count(TLS)
        made = way.give(loopback(listener.port, path, scheme)[name])
        seen.taken += [name] if made.answer.ok else []
        led |= {name} if made.answer.ok or (made.answer.status or 500) >= 500 else set()
        at_once = listener.visited(path) or listener.visits.count(TLS) > before
        answers = [made.answer, *(way.set_off(made) if made.answer.ok and not at_once else [])]
        if at_once or listener.visited(path) or listener.visits.count(TLS) > before:
            seen.came[name] = answers
            seen.callers = [] if at_once else [t.place() for t in way.triggers()]
            if name == PLAINLY:
                return seen  # nobody needs a disguise there
    if seen.taken and not seen.came:
        listener.visited("", LATER)  # who comes later comes by now
        seen.came = {n: [] for n, path in paths.items() if path in listener.visits}
    return seen


def again(seen: Seen) -> Collection[str]:
    """Forms that are enough for another entrance of the same things, after what was seen at one;
    none where only all of them are."""
    if seen.came:
        return list(seen.came)[:_ENOUGH]
    return () if seen.taken else FEW


def _forms(check: Check) -> list[str]:
    """How loopback is written. Names that only the machine's own resolver knows are left out where
    the target asks a name server: INPUT-32 plays that one."""
    asked = bool(check.target.hints.get("resolver"))
    return [form for form in loopback(0, "") if not (asked and form in OF_THE_SYSTEM)]


def anywhere(check: Check, guilty: Collection[Place]) -> bool:
    """Expects that no text which is called something else is called as a URL all the same.

    Answers whether there was any. What was found `guilty` already is not asked again.
    """
    ground = reach(check)
    inlets = [i for i in ground.texts if i.surface.place() not in guilty]
    rooms = [r for r in ground.rooms if r.surface.place() not in guilty]
    given: list[tuple[Place, str, Answer]] = []
    with listening() as listener:

        def asked(groups: Sequence[Sequence[Inlet]]) -> list[Answer]:
            paths = [[listener.path() for _ in group] for group in groups]
            requests = [
                together(group, [f"{listener.origin}{path}" for path in own])
                for group, own in zip(groups, paths, strict=True)
            ]
            answers = ask_all(check, requests)
            kept = [g[0].kept(a) for g, a in zip(groups, answers, strict=True)]
            for group, own, answer in zip(groups, paths, kept, strict=True):
                given.extend((i.place, p, answer) for i, p in zip(group, own, strict=True))
            return kept

        groups = joined(inlets)
        whole = zip(groups, asked(groups), strict=True)
        asked([[i] for g, answer in whole if len(g) > 1 and not answer.ok for i in g])
        for room in rooms:
            path = listener.path()
            made = planted(room, taking(room), f"{listener.origin}{path}")
            given.append((room.surface.place(), path, made.answer))
        listener.visited("", LATER)  # who comes later comes by now
    called = {place for place, path, _ in given if path in listener.visits}
    for place, path, answer in given:
        if place in called and path not in listener.visits:
            continue  # refused together with others, and called alone
        check.expect(
            place not in called,
            place,
            "a URL to the target's own machine in this input is called",
            answer,
            expected="a refusal, or a text",
            seen="a visit at a listener of ours on loopback",
        )
    return bool(given)
