"""Telling what is refused from what is not there."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from l7audit.probe.answer import Answer
from l7audit_suites.authz.existence import unlike
from l7audit_suites.authz.made_up import like


@pytest.mark.parametrize(
    "known", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "0193570e-6a4c-7cc1-9f00-3b9e5d0a77aa"]
)
def test_of_a_long_id_the_end_is_drawn_anew_from_its_own_alphabet(known: str) -> None:
    made = like(known, random.Random(1))
    assert made != known
    assert made[:-12] == known[:-12]
    assert set(made) <= set(known) | ({*"0123456789abcdef"} if "-" in known else set())


def test_times_and_counts_of_looks_do_not_make_a_thing_another(
    answer: Callable[..., Answer],
) -> None:
    one = answer(200, {"id": 1, "name": "a", "last_used_at": 1, "lastAccess": 4})
    two = answer(200, {"id": 1, "name": "a", "last_used_at": 2, "lastAccess": 5})
    assert not unlike(one, two)
    assert unlike(one, answer(200, {"id": 1, "name": "b", "last_used_at": 1}))
    assert unlike(one, answer(404))
