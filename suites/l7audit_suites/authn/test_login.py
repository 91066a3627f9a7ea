"""Logins: what they tell to who has no account, and what caches keep of their answers."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit.target.tokens import token_in
from l7audit_suites.authn.doors import ask, login, nobody_like, token_endpoint, wrong_secret
from l7audit_suites.authn.ground import holders
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authn.resemblance import differences
from l7audit_suites.authn.timing import FEWEST, Difference, compare

_ACCOUNTS = 2
_ROUNDS = 12
_MOST_A_ACCOUNT = 4
"""Wrong passwords for one account: few, so that nobody is locked out."""


@pytest.mark.control("AUTHN-26")
def test_a_login_does_not_tell_who_has_an_account(check: Check) -> None:
    surface, known = login(check)
    identity, credential = known[0]
    request = check.sessions.login_request(surface, credential.name, credential.secret)
    good = ask(check, request, identity.name)
    check.witness(
        "a right password is accepted", lambda: bool(token_in(good)) or good.ok, once=True
    )
    for owner, theirs in known[:_ACCOUNTS]:
        wrong = _refused(check, surface, theirs.name, good)
        strangers = [nobody_like(theirs.name, check.random) for _ in range(2)]
        first, second = (_refused(check, surface, name, good) for name in strangers)
        names = [theirs.name, owner.name, *strangers]
        if differences(first, second, names):
            check.inconclusive("The login answers differently to one unknown user and another.")
        told = differences(wrong, first, names)
        check.expect(
            not told,
            surface.place("unknown user"),
            f"The login tells an unknown user from a wrong password by its {', '.join(told)}.",
            wrong,
            first,
            expected="the same status, headers and text",
            seen=", ".join(told),
        )


def _refused(check: Check, surface: Surface, name: str, good: Answer) -> Answer:
    """The answer to a wrong password; that it is a refusal is expected."""
    request = check.sessions.login_request(surface, name, wrong_secret(check.random))
    answer = ask(check, request)
    seen = judge(answer, good)
    if seen is Seen.UNCLEAR:
        check.inconclusive(f"A wrong password got no decision, but {answer.status}.")
    check.expect(
        seen is Seen.REFUSED,
        surface.place("wrong password"),
        "The login accepts a wrong password.",
        answer,
    )
    return answer


@pytest.mark.control("AUTHN-27")
def test_a_login_takes_as_long_for_an_unknown_user(check: Check) -> None:
    surface, known = login(check)
    identity, credential = known[0]
    request = check.sessions.login_request(surface, credential.name, credential.secret)
    check.witness("a right password is accepted", lambda: ask(check, request, identity.name))
    names = [theirs.name for _, theirs in known]
    rounds = min(_ROUNDS, len(names) * _MOST_A_ACCOUNT)
    samples: dict[str, list[float]] = {"known": [], "unknown": [], "null": []}
    for turn in range(rounds):
        account = names[turn % len(names)]
        kinds = {
            "known": account,
            "unknown": nobody_like(account, check.random),
            "null": nobody_like(account, check.random),
        }
        for kind in check.random.sample(list(kinds), k=3):
            wrong = check.sessions.login_request(surface, kinds[kind], wrong_secret(check.random))
            answer = check.send(wrong, patience=False)
            if answer.status is not None and answer.status < 500 and not answer.throttled:
                samples[kind].append(answer.milliseconds)
    found = compare(samples["known"], samples["unknown"], samples["null"])
    for kind, times in samples.items():
        check.measure(f"login, {kind}", "ms", samples=times)
    if found.difference is Difference.UNKNOWN:
        check.inconclusive(
            f"The times say nothing: {len(samples['known'])} samples of a known user ({FEWEST} "
            f"are needed), and {found.null_gap:.1f} ms between two unknown ones."
        )
    check.expect(
        found.difference is Difference.SAME,
        surface.place("time of an unknown user"),
        f"A known user's login takes {found.gap:+.1f} ms longer than an unknown one's.",
        expected=f"no more than between two unknown users ({found.null_gap:+.1f} ms)",
        seen=f"{found.gap:+.1f} ms, told apart in {max(found.area, 1 - found.area):.0%} of pairs",
        confidence=Confidence.STRONG,
    )


@pytest.mark.control("AUTHN-28")
def test_answers_that_carry_a_token_are_not_stored(check: Check) -> None:
    found = _issued(check)
    if not found:
        check.not_applicable("No operation of the target gives out tokens to its identities.")
    check.witness("a token is given", lambda: found[0][1], once=True)
    for surface, answer in found:
        directives = [d.lower() for d in answer.headers.values_of("Cache-Control")]
        check.expect(
            "no-store" in directives,
            surface.place("Cache-Control"),
            "An answer that carries a token may be stored by a cache.",
            answer,
            expected="Cache-Control: no-store",
            seen=", ".join(directives) or "no Cache-Control",
        )


def _issued(check: Check) -> list[tuple[Surface, Answer]]:
    """Each way to a token, and its answer to who is entitled to one."""
    found: list[tuple[Surface, Answer]] = []
    if check.model.surfaces(Kind.LOGIN, limit=1) and holders(check, ("password",)):
        surface, known = login(check)
        identity, credential = known[0]
        request = check.sessions.login_request(surface, credential.name, credential.secret)
        found.append((surface, ask(check, request, identity.name)))
    if check.model.surfaces(Kind.TOKEN, limit=1) and holders(check, ("client",)):
        endpoint, answer = token_endpoint(check)
        found.append((endpoint.surface, answer))
    return [(surface, answer) for surface, answer in found if answer.ok and token_in(answer)]
