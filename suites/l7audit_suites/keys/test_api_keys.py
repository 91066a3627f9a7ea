"""API keys: what they are made of, and what is shown of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authn.made_keys import MadeKey, made_key
from l7audit_suites.keys.dates import members, moment
from l7audit_suites.keys.some_keys import shown_with, some_keys
from l7audit_suites.keys.strength import (
    FEWEST_BITS,
    bits,
    hidden,
    prefix,
    recognisable,
)

_SHOWN_WITHIN = 4.0
_PAUSE = 0.1
_SLACK = timedelta(days=1)
"""A last use may be kept to the day."""


@pytest.mark.control("KEYS-01")
def test_a_key_cannot_be_guessed(check: Check) -> None:
    with some_keys(check) as made:
        unknown = [hidden(key.text, shown_with(key)) for key in made]
        found = bits(unknown)
        check.expect(
            len({key.text for key in made}) == len(made) and found >= FEWEST_BITS,
            made[0].surface.place("chance in a key"),
            f"Keys made one after another differ by {found:.0f} bits at most: they can be guessed.",
            *[key.answer for key in made[:3]],
            expected=f"at least {FEWEST_BITS} random bits that are shown nowhere",
            seen=f"{found:.0f} bits",
        )


@pytest.mark.control("KEYS-02")
def test_a_key_that_leaked_would_be_known_for_one(check: Check) -> None:
    with some_keys(check) as made:
        begins = prefix([key.text for key in made])
        check.expect(
            recognisable(begins, time.time()),
            made[0].surface.place("prefix of a key"),
            "Keys begin with nothing that tells them from other random text.",
            made[0].answer,
            expected="a fixed beginning of the issuer's own, by which a scanner can look for them",
            seen=f"{len(begins)} characters in common",
        )


@pytest.mark.control("KEYS-03")
def test_a_listing_tells_of_a_key_when_it_was_made_ends_and_was_used(check: Check) -> None:
    listings = check.surfaces(Kind.KEY_LIST, limit=1)
    with made_key(check) as made:
        check.witness("a new key works", lambda: made.ground.ask(made.text), once=True)
        for listing in listings:
            thing, answer = _listed(check, listing, made)
            names = members(thing)
            absent = [what for what, name in names.items() if not name]
            check.expect(
                not absent,
                listing.place("dates of a key"),
                f"The listing of keys does not tell of a key: {', '.join(absent)}.",
                answer,
                expected="when it was made, when it ends, and when it was last used",
                seen=f"the members {', '.join(thing)}",
                confidence=Confidence.WEAK,  # it may be told elsewhere than in this listing
            )
            if names["last use"]:
                thing, answer = _used(check, listing, made, names["last use"])
                told = moment(thing.get(names["last use"]))
                check.expect(
                    told is not None and abs(datetime.now(UTC) - told) < _SLACK,
                    listing.place("last use of a key"),
                    "A key was used, and its listing does not say so.",
                    answer,
                    expected="the day at least",
                    seen=str(thing.get(names["last use"])),
                )


def _listed(check: Check, listing: Surface, made: MadeKey) -> tuple[Mapping[str, Any], Answer]:
    answer = check.send(listing.request(auth=made.auth), identity=made.owner.name)
    body = answer.json_or_none()
    lists = [v for v in body.values() if isinstance(v, list)] if isinstance(body, dict) else [body]
    for thing in (t for found in lists if isinstance(found, list) for t in found):
        if isinstance(thing, dict) and made.id and made.id in map(str, thing.values()):
            return thing, answer
    check.inconclusive("The listing of keys does not name the new one.")


def _used(
    check: Check, listing: Surface, made: MadeKey, name: str
) -> tuple[Mapping[str, Any], Answer]:
    """The key in its listing, as soon as its use is in it; waits a little."""
    deadline = time.monotonic() + _SHOWN_WITHIN
    while True:
        thing, answer = _listed(check, listing, made)
        if thing.get(name) or time.monotonic() > deadline:
            return thing, answer
        time.sleep(_PAUSE)
