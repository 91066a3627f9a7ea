"""Things that are made or changed with more than a caller may say of them."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.target.persons import Facts
from l7audit_suites.authz.things import made_things, without_people
from l7audit_suites.mass.members import Meaning
from l7audit_suites.mass.trials import ground, in_changing, in_making


@pytest.mark.control("MASS-01")
def test_no_power_is_taken_over(check: Check) -> None:
    _try(check, Meaning.POWER)


@pytest.mark.control("MASS-02")
def test_no_owner_is_taken_over(check: Check) -> None:
    _try(check, Meaning.OWNER)


@pytest.mark.control("MASS-03")
def test_no_standing_is_taken_over(check: Check) -> None:
    _try(check, Meaning.STANDING)


@pytest.mark.control("MASS-04")
def test_nothing_that_the_service_makes_is_taken_over(check: Check) -> None:
    _try(check, Meaning.MADE)


def _try(check: Check, kind: Meaning) -> None:
    looked, known = 0, dict[str, Facts]()
    # People are slow to make, and their ids and dates no more worth than other things'.
    people = kind is not Meaning.MADE
    for thing in made_things(
        check, lambda f: f.maker is not None and (people or without_people(f)), lasting=True
    ):
        room = ground(check, thing, known)
        if room is None:
            continue
        for surface, trial in (
            (thing.family.maker, in_making),
            (thing.family.change, in_changing),
        ):
            wishes = room.wishes(surface, kind) if surface is not None else []
            looked += len(wishes)
            trial(room, wishes)
    if not looked:
        check.not_applicable("Nothing that can be made or changed has members to be asked for.")
