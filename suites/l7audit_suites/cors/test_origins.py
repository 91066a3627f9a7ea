"""That strangers may not read answers, however much their origin resembles an allowed one."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.grounds import ask, grounds, lattice, undecided
from l7audit_suites.cors.judgement import decided, refusal_fault
from l7audit_suites.cors.lattice import Family, of_family

PREFLIGHTS = 2
"""The grounds on which strangers also send preflights."""


def strangers_are_refused(check: Check, family: Family) -> None:
    """Tries every stranger of a family on every ground, and counts the decisions."""
    tried = grounds(check)
    guests = of_family(lattice(check), family)
    plan = [(g, s, "", g.asked_by(s.origin)) for g in tried for s in guests]
    plan += [
        (g, s, " in a preflight", g.preflight(s.origin)) for g in tried[:PREFLIGHTS] for s in guests
    ]
    answers = ask(check, [request for *_, request in plan])
    complied = 0
    for (ground, stranger, where, _), answer in zip(plan, answers, strict=True):
        if not decided(answer):
            continue
        fault = refusal_fault(
            stranger.origin,
            answer.headers,
            data_is_public=not ground.protected,
            listed=bool(check.target.allowed_origins),
        )
        complied += not fault
        check.expect(
            not fault,
            ground.place(f"origin: {stranger.trick}"),
            f"An origin that nobody allowed ({stranger.trick}) is trusted{where}: {fault}.",
            answer,
            expected=f"no {fetch.ALLOW_ORIGIN} for {stranger.origin}",
            seen=f"{fetch.ALLOW_ORIGIN}: {fetch.value(answer.headers, fetch.ALLOW_ORIGIN)}",
            confidence=stranger.confidence,
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
