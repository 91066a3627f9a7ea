"""What clients see when one of several replicas dies or freezes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from l7audit.harness.check import Check
from l7audit.model import Component
from l7audit.probe.answer import Answer
from l7audit_suites.fail.clients import WRITING_PACE, Clients
from l7audit_suites.fail.ground import Ground, aimed, components, ground, working
from l7audit_suites.fail.timeline import Attempt, Timeline, until_clear

DEAD = 1.5
"""Seconds for which a component is dead."""

FELT_AT_MOST = 5.0
"""Seconds within which nobody may notice any more that a replica is frozen."""

FROZEN = FELT_AT_MOST + 1.0
SETTLED = 2.0
"""Seconds that a balancer gets to send requests to a replica that came back."""

_SHOWN = 3
_STEP = 0.1


@pytest.mark.control("FAIL-01")
def test_no_read_fails_when_a_replica_dies(check: Check) -> None:
    it = ground(check)
    component = components(check)[0]
    _none_fails(
        it,
        lambda: _killed(check, it, component),
        "a replica dies",
        expected="another replica answers in its place",
    )


@pytest.mark.control("FAIL-02")
def test_what_was_acknowledged_is_kept_when_replicas_die(check: Check) -> None:
    it = ground(check)
    with working(it, it.write, WRITING_PACE) as clients:
        fault = time.perf_counter()
        for component in components(check)[:2]:
            _killed(check, it, component)
            time.sleep(SETTLED)
    written = clients.timeline()
    _measure(check, written, fault, "writes")
    kept = it.kept(written.served)
    if len(kept) < len(written.served):
        check.inconclusive("What was made can't be named by its answer, so not looked up.")
    check.witness("writes were acknowledged on both sides of the fault", _around(written, fault))
    looks = it.looks(kept)
    lost = [marker for marker, look in looks.items() if not kept[marker].shows(look)]
    acknowledged = {a.marker: a.answer for a in written.served}
    check.expect(
        not lost,
        it.place("acknowledged writes", writing=True),
        f"{len(lost)} of {len(kept)} writes are gone that were acknowledged before replicas died.",
        *[a for m in lost[:1] for a in (acknowledged[m], looks[m]) if a is not None],
        expected="what was answered with success is stored",
        seen=f"{len(kept) - len(lost)} of {len(kept)} are there",
    )


@pytest.mark.control("FAIL-03")
def test_a_frozen_replica_is_soon_left_alone(check: Check) -> None:
    it = ground(check)
    component = components(check)[0]
    with working(it, it.read) as clients:
        fault = _frozen(check, it, component)
    seen = _measure(check, clients.timeline(), fault, "reads")
    felt = seen.felt(fault)
    late = [
        a for a in seen.attempts if a.ended - fault > FELT_AT_MOST and (not a.served or a.stalled)
    ]
    check.expect(
        felt <= FELT_AT_MOST,
        it.place("a replica freezes"),
        f"Reads fail or stall for {felt:.1f} seconds after one replica froze.",
        *_answers(late),
        expected=f"nobody notices it any more after {FELT_AT_MOST:g} seconds",
        seen=_said(late),
    )


@pytest.mark.control("FAIL-04")
def test_no_write_is_made_twice_when_a_replica_freezes(check: Check) -> None:
    it = ground(check)
    component = components(check)[0]
    with working(it, it.write, WRITING_PACE) as clients:
        fault = _frozen(check, it, component)
    written = clients.timeline()
    _measure(check, written, fault, "writes")
    kept = it.kept(written.served)
    twice = it.made_again(kept)
    acknowledged = {a.marker: a.answer for a in written.served}
    check.expect(
        not twice,
        it.place("one write", writing=True),
        f"{len(twice)} of {len(kept)} writes that were sent once were made twice.",
        *[a for m in list(twice)[:1] for a in (acknowledged[m], twice[m]) if a is not None],
        expected="a request that may not be repeated is sent to one replica",
        seen=f"{len(twice)} things more than were asked for",
    )


@pytest.mark.control("FAIL-05")
def test_replicas_that_came_back_stand_in_for_others(check: Check) -> None:
    it = ground(check)
    found = components(check)

    def in_turn() -> float:
        fault = time.perf_counter()
        for component in found:
            _killed(check, it, component)
            time.sleep(SETTLED)
        return fault

    _none_fails(
        it,
        in_turn,
        "replicas die in turn",
        expected="one that came back answers before the next is gone",
    )


def _none_fails(it: Ground, fault: Callable[[], float], what: str, *, expected: str) -> None:
    """Expects that no read fails from the fault on."""

    def experiment() -> Timeline:
        with working(it, it.read) as clients:
            moment = fault()
        return _measure(it.check, clients.timeline(), moment, "reads")

    seen, *before = reversed(until_clear(experiment))
    for once in before:
        it.check.observe(
            f"{_lost(once)} reads failed when {what}: it was done again.", *_answers(once.failed)
        )
    it.check.expect(
        not seen.failed,
        it.place(what),
        f"Reads fail when {what}: {_lost(seen)}.",
        *_answers(seen.failed),
        expected=expected,
    )


def _lost(seen: Timeline) -> str:
    """How many of the attempts failed, and how they ended."""
    ways = f" ({_said(seen.failed)})" if seen.failed else ""
    return f"{len(seen.failed)} of {len(seen.attempts)}{ways}"


def _killed(check: Check, it: Ground, component: Component) -> float:
    """Has it dead for a while; the moment of the fault."""
    with _straight(check, it, component) as straight, check.fault(component.url) as fault:
        moment = time.perf_counter()
        fault.kill()
        time.sleep(DEAD)
    gone = straight.timeline().since(moment).failed
    check.witness(f"{component.name} was dead", bool(gone), once=True)
    return moment


def _frozen(check: Check, it: Ground, component: Component) -> float:
    """Has it frozen for a while; the moment of the fault."""
    with _straight(check, it, component) as straight, check.fault(component.url) as fault:
        moment = time.perf_counter()
        fault.pause()
        time.sleep(FROZEN)
    stalled = [a for a in straight.timeline().attempts if a.stalled or not a.served]
    check.witness(f"{component.name} was frozen", bool(stalled), once=True)
    return moment


@contextmanager
def _straight(check: Check, it: Ground, component: Component) -> Iterator[Clients]:
    """A client that asks the component itself: it shows that the fault is real."""
    with Clients(check, it.owner, aimed(it.reading, component), count=1) as clients:
        yield clients


def _measure(check: Check, whole: Timeline, fault: float, what: str) -> Timeline:
    """Tells what clients saw, and gives what they saw from the fault on."""
    seen = whole.since(fault)
    served, failed, slowest = whole.steps(_STEP)
    check.timeline(
        f"{what} around the fault",
        began=time.time() - (time.perf_counter() - whole.attempts[0].ended),
        step=_STEP,
        served=served,
        failed=failed,
        slowest=slowest,
    )
    check.measure(
        f"{what} served around the fault",
        "ratio",
        successes=len(seen.attempts) - len(seen.failed),
        trials=len(seen.attempts),
    )
    check.measure(f"longest time without a served request ({what})", "s", value=seen.gap(fault))
    check.measure(
        f"time until the fault was not felt any more ({what})",
        "s",
        value=seen.felt(fault),
        documented="recovery-time",
    )
    return seen


def _around(written: Timeline, fault: float) -> bool:
    before = [a for a in written.served if a.ended < fault]
    return bool(before) and len(before) < len(written.served)


def _answers(attempts: Sequence[Attempt]) -> list[Answer]:
    return [a.answer for a in attempts if a.answer is not None][:_SHOWN]


def _said(attempts: Sequence[Attempt]) -> str:
    """How requests ended, each way once."""
    ways = {
        "no connection" if a.answer is None else str(a.answer.status or a.answer.error)
        for a in attempts
    }
    return ", ".join(sorted(ways))
