"""That preflights permit what is listed, to whom is listed, and do nothing else."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.fetch_standard import Sharing
from l7audit_suites.cors.grounds import Ground, few_strangers, friend, grounds, undecided
from l7audit_suites.cors.judgement import (
    NONSENSE_HEADER,
    NONSENSE_METHOD,
    age_fault,
    mirrored,
    same_content,
    wildcard_works,
)


def guarded_ground(check: Check) -> Ground:
    """A protected read and an origin that may make it; ends the check where there is none."""
    found = next((g for g in grounds(check, protected=1, public=0) if g.protected), None)
    if found is None or not check.target.allowed_origins:
        check.not_applicable("The profile names no origin and caller for whom preflights matter.")
    return found


@pytest.mark.control("CORS-10")
def test_preflights_permit_a_fixed_list_for_a_bounded_time(check: Check) -> None:
    ground, origin = guarded_ground(check), friend(check)

    def permitted() -> bool:
        answer = check.send(ground.preflight(origin))
        return not fetch.preflight_refusal(
            origin,
            ground.request.method,
            ground.unsafe_headers,
            answer.status,
            answer.headers,
            credentials=False,
        )

    check.witness("a preflight of an allowed origin for a real read is permitted", permitted)
    usual = check.send(ground.preflight(origin))
    fault = age_fault(usual.headers)
    check.expect(
        not fault,
        ground.place("header Access-Control-Max-Age"),
        f"A change of the policy comes too late: {fault}.",
        usual,
        expected="86400 at most",
        seen=f"{fetch.MAX_AGE}: {fetch.value(usual.headers, fetch.MAX_AGE)}",
    )
    odd = [
        check.send(ground.preflight(origin, method=NONSENSE_METHOD)),
        check.send(ground.preflight(origin, headers=[NONSENSE_HEADER])),
    ]
    for answer in odd:
        if fetch.sharing(origin, answer.headers) is Sharing.NOBODY:
            continue
        for what in mirrored(answer.headers, wildcard_counts=wildcard_works(answer.headers)):
            check.violation(
                ground.place(f"preflight for any {what}"),
                f"Preflights permit whatever {what} is asked for.",
                answer,
                expected=f"a fixed list of {what}s",
                seen=f"{NONSENSE_METHOD if what == 'method' else NONSENSE_HEADER} is permitted",
            )
    undecided(check, odd)


@pytest.mark.control("CORS-11")
def test_a_refused_preflight_mirrors_nothing(check: Check) -> None:
    ground = grounds(check, protected=1, public=1)[0]
    answers = []
    for stranger in few_strangers(check):
        request = ground.preflight(stranger.origin, NONSENSE_METHOD, [NONSENSE_HEADER])
        answer = check.send(request)
        answers.append(answer)
        if fetch.sharing(stranger.origin, answer.headers) is not Sharing.NOBODY:
            continue  # that it is granted at all is the finding, and CORS-01 to -05 have it
        found = mirrored(answer.headers, wildcard_counts=False)
        check.expect(
            not found,
            ground.place(f"preflight, origin: {stranger.trick}"),
            f"A refused preflight gives back the {' and the '.join(found)} it asked for.",
            answer,
            expected="no Access-Control-Allow header that depends on what was asked",
            seen=", ".join(f"{n}: {v}" for n, v in answer.headers if "control-allow" in n.lower()),
            cause="refused preflights that mirror",
        )
    undecided(check, answers)


@pytest.mark.control("CORS-12")
def test_preflights_need_no_credential_and_perform_nothing(check: Check) -> None:
    ground, origin = guarded_ground(check), friend(check)
    bare = check.send(ground.preflight(origin))
    check.expect(
        not bare.refused,
        ground.place("preflight without a credential"),
        "Preflights are refused without a credential, which browsers never send with them.",
        bare,
        expected="2xx, or a refusal that does not ask for a credential",
    )
    keys = [(n, v) for n, v in ground.request.headers if n in ground.unsafe_headers]
    for answer, with_what in (
        (bare, "without a credential"),
        (check.send(ground.preflight(origin).with_headers(keys)), "with a credential"),
    ):
        check.expect(
            not (answer.ok and same_content(answer, ground.success)),
            ground.place(f"preflight {with_what}"),
            "A preflight is answered with what the announced operation answers.",
            answer,
            expected="no content of the operation",
            seen=f"{answer.status} with {len(answer.body)} bytes of the operation's own shape",
        )
    undecided(check, [bare])
