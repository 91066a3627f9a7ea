"""That strangers may not read answers, however much their origin resembles an allowed one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

import pytest

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.target_model import TargetModel
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.grounds import Ground, ask, grounds, lattice, undecided
from l7audit_suites.cors.judgement import decided, refusal_fault
from l7audit_suites.cors.lattice import LEAST, Family, Stranger, of_family

PREFLIGHTS = 2
"""The grounds on which strangers also send preflights."""

Trial = tuple[Ground, Stranger, str, Request]
"""A stranger's request on a ground, and where that differs from a plain read."""


ANYBODY = "any origin is trusted"
"""The cause of all that is wrong where a site that resembles nothing is trusted."""


_TRUSTING: WeakKeyDictionary[TargetModel, dict[Place, bool]] = WeakKeyDictionary()
"""Where any site is trusted; asked once a process, since it is the cause of so much."""


def trusting_anybody(check: Check, tried: Sequence[Ground]) -> list[Ground]:
    """The grounds on which a site that resembles no allowed one is trusted."""
    known = _TRUSTING.setdefault(check.model, {})
    site = of_family(lattice(check), Family.ARBITRARY)[0]
    waiting = [ground for ground in tried if ground.place() not in known]
    answers = ask(check, [ground.asked_by(site.origin) for ground in waiting])
    for ground, answer in zip(waiting, answers, strict=True):
        trusted = decided(answer) and _fault(check, ground, site.origin, answer)
        known[ground.place()] = bool(trusted)
    return [ground for ground in tried if known[ground.place()]]


def _accused(check: Check, trial: Trial, answer: Answer) -> bool:
    ground, stranger, *_ = trial
    return decided(answer) and bool(_fault(check, ground, stranger.origin, answer))


def _fault(check: Check, ground: Ground, origin: str, answer: Answer) -> str:
    return refusal_fault(
        origin,
        answer.headers,
        data_is_public=not ground.protected,
        listed=bool(check.target.allowed_origins),
    )


def trials(
    check: Check, tried: Sequence[Ground], guests: Sequence[Stranger]
) -> Iterator[list[Trial]]:
    """All strangers on all grounds, which is the sample that a promise needs; at somebody's all of
    them on the first ground, and one that stands for them elsewhere and in preflights. In turns,
    each of which may be the last: who is trusted once needs no further ground."""
    whole = bool(check.sample(LEAST))
    few = guests if whole else guests[:1]
    for number, ground in enumerate(tried):
        yield [(ground, s, "", ground.asked_by(s.origin)) for s in (few if number else guests)]
    for ground in tried[: PREFLIGHTS if whole else 1]:
        yield [(ground, s, " in a preflight", ground.preflight(s.origin)) for s in few]


def strangers_are_refused(check: Check, family: Family) -> None:
    """Tries the strangers of a family, and counts the decisions.

    Who trusts anybody trusts each look-alike, too: that is one mistake, and CORS-01 speaks of it.
    """
    tried = grounds(check)
    open_to_all = trusting_anybody(check, tried)
    if family is not Family.ARBITRARY:
        tried = [ground for ground in tried if ground not in open_to_all]
    plan, answers, complied = list[Trial](), list[Answer](), 0
    for turn in trials(check, tried, of_family(lattice(check), family)):
        heard = ask(check, [request for *_, request in turn])
        plan += turn
        answers += heard
        if any(_accused(check, trial, a) for trial, a in zip(turn, heard, strict=True)):
            break
    for (ground, stranger, where, _), answer in zip(plan, answers, strict=True):
        if not decided(answer):
            continue
        fault = _fault(check, ground, stranger.origin, answer)
        complied += not fault
        check.expect(
            not fault,
            ground.place(f"origin: {stranger.trick}"),
            f"An origin that nobody allowed ({stranger.trick}) is trusted{where}: {fault}.",
            answer,
            expected=f"no {fetch.ALLOW_ORIGIN} for {stranger.origin}",
            seen=f"{fetch.ALLOW_ORIGIN}: {fetch.value(answer.headers, fetch.ALLOW_ORIGIN)}",
            confidence=stranger.confidence,
            # One careless match lets many by: all of a family are one finding, with a place each.
            cause=ANYBODY if ground in open_to_all else f"origin: {family}",
        )
    check.measure(
        f"origins treated as the policy says ({family})",
        "ratio",
        successes=complied,
        trials=sum(map(decided, answers)),
        documented="cors-policy-compliance",
    )
    undecided(check, answers)
    if open_to_all and family is not Family.ARBITRARY:
        check.inconclusive(
            f"Any origin is trusted at {open_to_all[0].place()}; CORS-01 speaks of that, and so "
            f"nothing can be said of this one ({family})."
        )


@pytest.mark.control("CORS-01")
def test_no_arbitrary_origin_may_read_answers(check: Check) -> None:
    strangers_are_refused(check, Family.ARBITRARY)


@pytest.mark.control("CORS-02")
def test_the_null_origin_may_not_read_answers(check: Check) -> None:
    strangers_are_refused(check, Family.NULL)


@pytest.mark.control("CORS-03")
def test_no_look_alike_of_an_allowed_origin_may_read_answers(check: Check) -> None:
    strangers_are_refused(check, Family.LOOK_ALIKE)


@pytest.mark.control("CORS-04")
def test_an_allowed_host_on_another_scheme_or_port_may_not_read_answers(check: Check) -> None:
    strangers_are_refused(check, Family.SCHEME_OR_PORT)


@pytest.mark.control("CORS-05")
def test_no_oddly_written_origin_may_read_answers(check: Check) -> None:
    strangers_are_refused(check, Family.ODD)
