"""Who comes to a listener of ours when its URL is given: to an operation that asks for one, or to
whatever takes a text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.calling import LATER, Way
from l7audit_suites.input.ground import ask_all
from l7audit_suites.input.inlets import of_making, planted
from l7audit_suites.input.listener import TLS, Listener, listening
from l7audit_suites.input.parts import reach
from l7audit_suites.input.urls import OF_THE_SYSTEM, PLAINLY, loopback


@dataclass(slots=True)
class Seen:
    """The forms of address that were `taken`, those for which somebody `came`, with answers, and
    the operations that called what another had stored."""

    taken: list[str] = field(default_factory=list)
    came: dict[str, list[Answer]] = field(default_factory=dict)
    callers: list[Place] = field(default_factory=list)


def tried(way: Way, listener: Listener, scheme: str) -> Seen:
    """Gives it a URL of the listener in each form of loopback, and sets off what was stored."""
    seen = Seen()
    paths: dict[str, str] = {}
    for name in _forms(way.check):
        path = paths[name] = listener.path()
        before = listener.visits.count(TLS)
        made = way.give(loopback(listener.port, path, scheme)[name])
        seen.taken += [name] if made.answer.ok else []
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
    with listening() as listener:
        paths = [listener.path() for _ in (*inlets, *rooms)]
        urls = [f"{listener.origin}{path}" for path in paths]
        answers = ask_all(check, [i.request(u) for i, u in zip(inlets, urls, strict=False)])
        answers = [i.kept(a) for i, a in zip(inlets, answers, strict=True)]
        for room, url in zip(rooms, urls[len(inlets) :], strict=True):
            answers.append(planted(room, list(of_making(room)), url).answer)
        listener.visited("", LATER)  # who comes later comes by now
    places = [*(i.place for i in inlets), *(r.surface.place() for r in rooms)]
    for place, path, answer in zip(places, paths, answers, strict=True):
        check.expect(
            path not in listener.visits,
            place,
            "a URL to the target's own machine in this input is called",
            answer,
            expected="a refusal, or a text",
            seen="a visit at a listener of ours on loopback",
        )
    return bool(places)
