"""That strangers may not read answers, however much their origin resembles an allowed one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.grounds import Ground, ask, grounds, lattice, undecided
from l7audit_suites.cors.judgement import decided, refusal_fault
from l7audit_suites.cors.lattice import Family, of_family

PREFLIGHTS = 2
"""The grounds on which strangers also send preflights."""


ANYBODY = "any origin is trusted"
"""The cause of all that is wrong where a site that resembles nothing is trusted."""


def trusting_anybody(check: Check, tried: Sequence[Ground]) -> list[Ground]:
    """The grounds on which a site that resembles no allowed one is trusted."""
    site = of_family(lattice(check), Family.ARBITRARY)[0]
    answers = ask(check, [ground.asked_by(site.origin) for ground in tried])
    return [
        ground
        for ground, answer in zip(tried, answers, strict=True)
        if decided(answer) and _fault(check, ground, site.origin, answer)
    ]


def _fault(check: Check, ground: Ground, origin: str, answer: Answer) -> str:
    return refusal_fault(
        origin,
        answer.headers,
        data_is_public=not ground.protected,
        listed=bool(check.target.allowed_origins),
    )


def strangers_are_refused(check: Check, family: Family) -> None:
    """Tries every stranger of a family on every ground, and counts the decisions."""
    tried = grounds(check)
    guests = of_family(lattice(check), family)
    plan = [(g, s, "", g.asked_by(s.origin)) for g in tried for s in guests]
    plan += [
        (g, s, " in a preflight", g.preflight(s.origin)) for g in tried[:PREFLIGHTS] for s in guests
    ]
    answers = ask(check, [request for *_, request in plan])
    open_to_all = trusting_anybody(check, tried)
    complied = 0
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
            # Who trusts anybody trusts each look-alike, too: that is one mistake, not fifty.
            cause=ANYBODY if ground in open_to_all else f"origin: {stranger.trick}",
        )
    check.measure(
        f"origins treated as the policy says ({family})",
        "ratio",
        successes=complied,
        trials=sum(map(decided, answers)),
        documented="cors-policy-compliance",
    )
    undecided(check, answers)


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
