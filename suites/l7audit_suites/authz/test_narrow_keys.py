"""Keys and tokens of limited scopes: they do no more, and make nothing that does."""

from __future__ import annotations

from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.request import Auth
from l7audit.target.target_model import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.families import Family
from l7audit_suites.authz.narrow_keys import (
    KeyMaker,
    Narrow,
    by,
    first_that_opens,
    key_makers,
    reading_key,
    written,
)
from l7audit_suites.authz.narrow_tokens import narrow_token
from l7audit_suites.authz.test_objects import undecided
from l7audit_suites.authz.things import opened

_MOST_READS = 4


@pytest.mark.control("AUTHZ-14")
def test_a_key_of_limited_scopes_does_no_more(check: Check) -> None:
    narrow = _narrow(check)
    owner = narrow.maker.owner
    _does_no_more(check, narrow.family, narrow.auth, check.sessions.auth(owner), owner, "key")


@pytest.mark.control("AUTHZ-19")
def test_a_token_of_limited_scopes_does_no_more(check: Check) -> None:
    narrow = narrow_token(check)
    _does_no_more(check, narrow.family, narrow.auth, narrow.whole, narrow.owner, "token")


def _does_no_more(
    check: Check, family: Family, auth: Auth, whole: Auth, owner: Identity, what: str
) -> None:
    """Expects that a credential for a family's listing opens that and nothing else; `whole` is
    one of its owner's without limits."""
    listing = family.list
    assert listing is not None
    check.witness(f"the {what} does what its scopes say", partial(by, check, listing, auth))
    tried = written(check, family, auth, owner)
    if tried is not None and family.create is not None:
        check.expect(
            not tried.there,
            family.create.place(f"{what} for reading"),
            f"A {what} that was narrowed to reading writes.",
            tried.answer,
            tried.listing,
            expected="403, and nothing made",
            seen=f"{tried.answer.status}, and its owner finds what the {what} has made",
        )
    for surface in _other_reads(check, listing):
        good = by(check, surface, whole)
        answer = by(check, surface, auth)
        if not opened(surface, good) or undecided(check, answer):
            continue
        check.expect(
            judge(answer, good) is Seen.REFUSED,
            surface.place(f"{what} for another read"),
            f"A {what} that was narrowed to one listing reads something else.",
            answer,
            good,
            expected="403",
            seen=f"{answer.status}, with what its owner gets",
        )


def _narrow(check: Check) -> Narrow:
    for maker in key_makers(check):
        narrow = reading_key(check, maker)
        if narrow is not None:
            return narrow
    check.inconclusive("No identity of the profile could make a key for a listing alone.")


def _other_reads(check: Check, listing: Surface) -> list[Surface]:
    """Protected reads that ask for other scopes."""
    known = set(listing.operation.scopes)
    return [
        s
        for s in check.model.surfaces(Kind.PROTECTED_READ, limit=30)
        if not s.needs_values and s.operation.scopes and not set(s.operation.scopes) & known
    ][:_MOST_READS]


@pytest.mark.control("AUTHZ-15")
def test_a_limited_key_makes_no_wider_one(check: Check) -> None:
    looked = 0
    for maker in key_makers(check):
        narrow = reading_key(check, maker)
        if narrow is None:
            continue
        looked += _widened(check, maker, narrow)
        break
    if not looked:
        check.inconclusive("No identity of the profile could make a key that makes keys.")


def _widened(check: Check, maker: KeyMaker, narrow: Narrow) -> int:
    """Keys made by a key that may make keys and nothing else: with no word of scopes, and with
    those that it lacks."""
    family = narrow.family
    create, needed = family.create, maker.surface.operation.scopes
    listings = check.model.surfaces(Kind.KEY_LIST, limit=1)
    own = [*needed, *(s for surface in listings for s in surface.operation.scopes)]
    if create is None or not listings or not needed:
        return 0
    made = maker.make(check, list(dict.fromkeys(own)))
    auth = first_that_opens(check, listings[0], maker.auths(check, made)) if made.ok else None
    if auth is None:
        return 0
    check.witness("the limited key works", partial(by, check, listings[0], auth))
    first = written(check, family, auth, maker.owner)
    if first is None or first.there:
        check.inconclusive("The key does more than its scopes say, before it makes another.")
    looked = 0
    for part, scopes in (
        ("key of no scopes", None),
        ("key of other scopes", [*own, *create.operation.scopes]),
    ):
        answer = maker.make(check, scopes, by=auth)
        if undecided(check, answer):
            continue
        wider = maker.auths(check, answer) if answer.ok else []
        results = [written(check, family, one, maker.owner) for one in wider]
        grown = [r for r in results if r is not None and r.there]
        looked += 1
        check.expect(
            not grown,
            maker.surface.place(part),
            "A key of limited scopes makes one that may do more than itself.",
            answer,
            *[r.answer for r in grown],
            expected="a refusal, or a key that is as limited",
            seen="a key that does what the one that made it may not",
        )
    return looked
