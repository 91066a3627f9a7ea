"""Ids like others, which nothing has."""

from __future__ import annotations

import random
import uuid

import pytest

from l7audit_suites.authz.made_up import like

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("identifier", ["1", "7", "42", "12345678"])
def test_beside_a_counted_id_there_are_others(identifier: str, seed: int) -> None:
    made = like(identifier, random.Random(seed))
    assert made.isdecimal()
    assert 10**9 < int(made) < 2**31


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("identifier", ["a", "B-1", "0042", "120045678934", "rosa-blau", "1" * 20])
def test_the_form_is_kept_and_the_id_is_another(identifier: str, seed: int) -> None:
    made = like(identifier, random.Random(seed))
    assert made != identifier
    assert len(made) == len(identifier)
    assert [c.isdecimal() for c in made] == [c.isdecimal() for c in identifier]


def test_a_uuid_stays_one() -> None:
    identifier = str(uuid.UUID(int=7, version=4))
    made = like(identifier, random.Random(1))
    assert made != identifier
    assert uuid.UUID(made)
