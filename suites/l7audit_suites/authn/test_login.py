"""Logins: what they tell to who has no account, and what caches keep of their answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import properties
from l7audit.target.tokens import token_in
from l7audit.target.words import says, words
from l7audit_suites.authn.doors import nobody_like, token_endpoint, word, wrong_secret
from l7audit_suites.authn.ground import holders
from l7audit_suites.authn.kept import may_write
from l7audit_suites.authn.newcomers import registered
from l7audit_suites.authn.password_doors import Door, doors
from l7audit_suites.authn.resemblance import differences
from l7audit_suites.authn.timing import FEWEST, Difference, compare

_CHOSEN = ("username", "user", "login", "handle", "nick", "nickname", "account")
_ACCOUNTS = 2
_ROUNDS = 12
_MOST_A_ACCOUNT = 4
"""Wrong passwords for one account: few, so that nobody is locked out."""


@pytest.mark.control("AUTHN-26")
def test_a_login_does_not_tell_who_has_an_account(check: Check) -> None:
    for door in doors(check):
        good = door.good
        check.witness("a right password is accepted", door.lets_in(good), once=True)
        for owner, theirs in door.known[:_ACCOUNTS]:
            wrong = _refused(check, door, theirs.name)
            strangers = [nobody_like(theirs.name, check.random) for _ in range(2)]
            first, second = (_refused(check, door, name) for name in strangers)
            names = [theirs.name, owner.name, *strangers]
            if differences(first, second, names):
                check.inconclusive("The login answers differently to one unknown user and another.")
            told = differences(wrong, first, names)
            check.expect(
                not told,
                door.place("unknown user"),
                f"The login tells an unknown user from a wrong password by its {', '.join(told)}.",
                wrong,
                first,
                expected="the same status, headers and text",
                seen=", ".join(told),
            )
    _joining(check)


def _joining(check: Check) -> None:
    """A registration for an address that has an account, beside two for addresses that have none.

    Who chooses a name that others see must be told that it is taken; an address is nobody's choice.
    """
    for surface in check.model.surfaces(Kind.REGISTRATION, limit=1) if may_write(check) else []:
        takes = properties(surface.operation.body_schema)
        named = [words(n) for n, part in takes.items() if meaning.is_user(n, part)]
        if not named or not all(says(n, "email", "mail") or not says(n, *_CHOSEN) for n in named):
            continue
        accounts = [f"l7audit-{word(check.random, 10)}" for _ in range(2)]
        first, second = (registered(check, surface, account=a)[1] for a in accounts)
        if not (first.ok and second.ok):
            continue
        known = registered(check, surface, account=accounts[0])[1]
        if known.throttled or known.status is None or known.status >= 500:
            continue
        noise = differences(first, second, accounts)
        told = [d for d in differences(known, second, accounts) if d not in noise]
        check.expect(
            not told,
            surface.place("known address"),
            f"A registration tells that an address has an account by its {', '.join(told)}.",
            known,
            second,
            expected="the same answer, and a letter to the address",
            seen=", ".join(told),
            confidence=Confidence.WEAK,
        )


def _refused(check: Check, door: Door, name: str) -> Answer:
    """The answer to a wrong password; that it is a refusal is expected."""
    answer = door.ask(name, wrong_secret(check.random))
    if answer.status is None or answer.status >= 500 or answer.throttled:
        check.inconclusive(f"A wrong password got no decision, but {answer.status}.")
    check.expect(
        not door.lets_in(answer),
        door.place("wrong password"),
        "The login accepts a wrong password.",
        answer,
    )
    return answer


@pytest.mark.control("AUTHN-27")
def test_a_login_takes_as_long_for_an_unknown_user(check: Check) -> None:
    for door in doors(check):
        check.witness("a right password is accepted", door.lets_in(door.good), once=True)
        samples = _times(check, door)
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
            door.place("time of an unknown user"),
            f"A known user's login takes {found.gap:+.1f} ms longer than an unknown one's.",
            expected=f"no more than between two unknown users ({found.null_gap:+.1f} ms)",
            seen=f"{found.gap:+.1f} ms, told apart in {max(found.area, 1 - found.area):.0%} of "
            "pairs",
            confidence=Confidence.STRONG,
        )
        check.witness(
            "a right password is still accepted",
            lambda door=door: door.lets_in(check.send(door.rightful())),  # type: ignore[misc]
            once=True,
        )


def _times(check: Check, door: Door) -> dict[str, list[float]]:
    """Milliseconds of wrong passwords: of known users, and of two kinds of unknown ones."""
    names = [theirs.name for _, theirs in door.known]
    samples: dict[str, list[float]] = {"known": [], "unknown": [], "null": []}
    for turn in range(min(_ROUNDS, len(names) * _MOST_A_ACCOUNT)):
        if compare(samples["known"], samples["unknown"], samples["null"]).clearly_the_same:
            break
        account = names[turn % len(names)]
        kinds = {
            "known": account,
            "unknown": nobody_like(account, check.random),
            "null": nobody_like(account, check.random),
        }
        for kind in check.random.sample(list(kinds), k=3):
            answer = door.ask(kinds[kind], wrong_secret(check.random), patience=False)
            if answer.status is not None and answer.status < 500 and not answer.throttled:
                samples[kind].append(answer.milliseconds)
    return samples


@pytest.mark.control("AUTHN-28")
def test_answers_that_carry_a_token_are_not_stored(check: Check) -> None:
    found = _issued(check)
    if not found:
        check.not_applicable("No operation of the target gives out tokens to its identities.")
    check.witness("a token is given", lambda: found[0][1], once=True)
    for place, answer in found:
        directives = [d.lower() for d in answer.headers.values_of("Cache-Control")]
        check.expect(
            "no-store" in directives,
            place("Cache-Control"),
            "An answer that carries a token may be stored by a cache.",
            answer,
            expected="Cache-Control: no-store",
            seen=", ".join(directives) or "no Cache-Control",
        )


def _issued(check: Check) -> list[tuple[Callable[[str], Place], Answer]]:
    """Each way to a token, and its answer to who is entitled to one."""
    found: list[tuple[Callable[[str], Place], Answer]] = []
    if holders(check, ("password",)):
        found += [(door.place, door.good) for door in doors(check) if door.read is None]
    if check.model.surfaces(Kind.TOKEN, limit=1) and holders(check, ("client",)):
        endpoint, answer = token_endpoint(check)
        found.append((endpoint.surface.place, answer))
    return [(place, answer) for place, answer in found if answer.ok and token_in(answer)]
