"""Keys of limited scopes: they do no more, and make nothing that does."""

from __future__ import annotations

from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target.target_model import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.narrow_keys import (
    KeyMaker,
    Narrow,
    by,
    first_that_opens,
    key_makers,
    reading_key,
    written,
)
from l7audit_suites.authz.test_objects import undecided
from l7audit_suites.authz.things import ask, opened

_MOST_READS = 4


@pytest.mark.control("AUTHZ-14")
def test_a_key_of_limited_scopes_does_no_more(check: Check) -> None:
    narrow = _narrow(check)
    listing = narrow.family.list
    assert listing is not None
    check.witness("the key does what its scopes say", partial(by, check, listing, narrow.auth))
    tried = written(check, narrow.family, narrow.auth, narrow.maker.owner)
    if tried is not None and narrow.family.create is not None:
        check.expect(
            not tried.there,
            narrow.family.create.place("key for reading"),
            "A key that was narrowed to reading writes.",
            tried.answer,
            tried.listing,
            expected="403, and nothing made",
            seen=f"{tried.answer.status}, and its owner finds what the key has made",
        )
    for surface in _other_reads(check, listing):
        good = ask(check, surface, narrow.maker.owner)
        answer = by(check, surface, narrow.auth)
        if not opened(surface, good) or undecided(check, answer):
            continue
        check.expect(
            judge(answer, good) is Seen.REFUSED,
            surface.place("key for another read"),
            "A key that was narrowed to one listing reads something else.",
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
