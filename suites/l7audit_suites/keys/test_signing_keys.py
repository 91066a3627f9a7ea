"""What tokens are signed with, as far as it is published."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit_suites.authn.ground import Ground, token_ground
from l7audit_suites.authn.judgement import Seen
from l7audit_suites.authn.made_keys import WINDOW, refused_everywhere
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask
from l7audit_suites.keys.new_signing_key import NewKey, new_signing_key
from l7audit_suites.keys.published import keeping, listed, private_members, weak

_NAMELESS = "no key id"
_PAUSE = 0.05
_MOST_PEOPLE = 2
_LONGEST_KEPT = 86_400
"""Seconds for which a verifier may go on with published keys that it has read."""


@pytest.mark.control("KEYS-06")
def test_published_keys_are_public_strong_and_told_apart(check: Check) -> None:
    surface = check.surface(Kind.JWKS)
    _, token = token_ground(check)
    answer = check.send(surface.request())
    keys = listed(answer.json_or_none())
    if not keys:
        check.inconclusive("The published keys can't be read.")
    private = sorted({name for key in keys for name in private_members(key)})
    check.expect(
        not private,
        surface.place("private half"),
        f"The published keys hold private members: {', '.join(private)}.",
        answer,
        expected="public halves only",
        seen="whoever reads this can sign",
    )
    feeble = [why for key in keys if (why := weak(key))]
    check.expect(
        not feeble,
        surface.place("strength of a key"),
        f"A published key is too weak: {'; '.join(feeble)}.",
        answer,
        expected="RSA of 2048 bits or more, or a usual curve",
    )
    twice = [n for n, count in Counter(_id(key) for key in keys).items() if count > 1]
    check.expect(
        not twice,
        surface.place("key ids"),
        "Two published keys share an id, or have none: a verifier can't choose.",
        answer,
    )
    shared = str(token.header.get("alg", "")).startswith("HS")  # such a key is never published
    named = "" if shared else str(token.header.get("kid", ""))
    check.expect(
        not named or named in {_id(key) for key in keys},
        surface.place("key of new tokens"),
        "New tokens are signed with a key that is not published.",
        answer,
        expected="the key id of a new token among the published ones",
    )


def _id(key: Mapping[str, Any]) -> str:
    return str(key.get("kid", _NAMELESS))


@pytest.mark.control("KEYS-07")
def test_a_new_key_is_published_before_it_signs_and_old_tokens_work_on(check: Check) -> None:
    jwks = check.surface(Kind.JWKS)
    ground, _ = token_ground(check, fresh=True)
    with new_signing_key(check, jwks, ground.identity) as made:
        place = jwks.place("new signing key")
        check.expect(
            not made.early,
            place,
            "Tokens are signed with a new key before it is published.",
            made.answer,
            expected="the key among the published ones first",
            seen=f"not yet at {len(made.early)} of {len(made.everywhere())} addresses",
        )
        check.expect(
            not made.unpublished,
            place,
            f"A new signing key is not published everywhere within {WINDOW:g} seconds.",
            made.answer,
            seen=f"not at {len(made.unpublished)} of {len(made.everywhere())} addresses",
        )
        new = made.signed(ground.identity)
        if not new:
            check.observe("The new key did not begin to sign while the check waited.", made.answer)
        else:
            _works(ground, new, "token of the new key", "A token of the new key is refused.")
        _works(
            ground,
            ground.credential,
            "token of the old key",
            "A new signing key ends the tokens of the old one.",
        )


def _works(ground: Ground, text: str, part: str, statement: str) -> None:
    """Expects that a token is accepted at every address."""
    answers = [ground.ask(text, address) for address in ground.everywhere()]
    refused = [answer for answer in answers if ground.seen(answer) is Seen.REFUSED]
    ground.check.expect(
        not refused,
        ground.place(part),
        statement,
        *refused,
        expected="the same answer as before the change",
    )


@pytest.mark.control("KEYS-08")
def test_tokens_of_a_retired_key_are_refused(check: Check) -> None:
    check.surface(Kind.SIGNING_KEY_RETIRE)
    jwks = check.surface(Kind.JWKS)
    ground, _ = token_ground(check, fresh=True)
    with new_signing_key(check, jwks, ground.identity) as made:
        text = made.signed(ground.identity)
        if not text:
            check.inconclusive("The new key did not begin to sign while the check waited.")
        check.witness("a token of the new key is accepted", ground.ask(text), once=True)
        ended = made.retire()
        if not ended.ok:
            check.inconclusive(f"The new key could not be retired: {ended.status}.")
        since = time.monotonic()
        late = refused_everywhere(ground, text, since, "a token of a retired key")
        check.expect(
            not late,
            ground.place("token of a retired key"),
            f"A token is still accepted {WINDOW:g} seconds after its key was retired.",
            ended,
            *late,
            expected="a refusal, as without a credential",
            seen="the same answer as before",
        )
        check.expect(
            not _still_published(made, since),
            jwks.place("retired key"),
            f"A retired key is still published after {WINDOW:g} seconds.",
            ended,
            expected="the key gone, so that verifiers forget it",
        )


def _still_published(made: NewKey, since: float) -> list[str]:
    """The addresses that show the retired key after the time that they have."""
    while True:
        showing = [a for a in made.everywhere() if made.id in made.published(a)]
        if not showing or time.monotonic() > since + WINDOW:
            return showing
        time.sleep(_PAUSE)


@pytest.mark.control("KEYS-11")
def test_ordinary_callers_neither_make_nor_retire_signing_keys(check: Check) -> None:
    jwks, create = check.surface(Kind.JWKS), check.surface(Kind.SIGNING_KEY_CREATE)
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    if not ordinary or not powerful:
        check.inconclusive("The profile gives no identity of power, or none without.")
    with new_signing_key(check, jwks) as made:
        check.witness("who has the power makes a key", made.answer, once=True)
        before = made.published()
        for one in ordinary[:_MOST_PEOPLE]:
            answer = ask(check, create, one)
            check.expect(
                not answer.ok and not made.published() - before,
                create.place(f"by a {one.role}"),
                f"A {one.role} makes a key that signs everybody's tokens.",
                answer,
                expected="403 or 404, and no other key",
            )
            for surface in check.model.surfaces(Kind.SIGNING_KEY_RETIRE, limit=1):
                tried = made.retire(one)
                check.expect(
                    not tried.ok and made.id in made.published(),
                    surface.place(f"by a {one.role}"),
                    f"A {one.role} retires a key that signs everybody's tokens.",
                    tried,
                    expected="403 or 404, and the key as it was",
                )
        for extra in made.published() - before:
            made.retire(key=extra)


@pytest.mark.control("KEYS-09")
def test_published_keys_are_kept_for_a_day_at_most(check: Check) -> None:
    for surface in check.surfaces(Kind.JWKS):
        answer = check.send(surface.request())
        check.witness("the keys are published", bool(listed(answer.json_or_none())), once=True)
        told = answer.headers.get("Cache-Control") or ""
        kept = keeping(told)
        if kept is None:
            check.observe("Nothing says for how long the published keys may be kept.", answer)
        check.expect(
            (kept or 0) <= _LONGEST_KEPT,
            surface.place("cache lifetime"),
            f"Published keys may be kept for {kept} seconds: so long a retired key is believed.",
            answer,
            expected=f"{_LONGEST_KEPT} seconds at most",
            seen=told,
        )
