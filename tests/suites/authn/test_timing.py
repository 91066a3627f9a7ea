from __future__ import annotations

import random

import pytest

from l7audit_suites.authn.timing import Difference, compare


def samples(seed: int, centre: float, spread: float, size: int = 15) -> list[float]:
    chance = random.Random(seed)
    return [centre + chance.uniform(-spread, spread) for _ in range(size)]


@pytest.mark.parametrize("seed", range(30))
def test_a_missing_password_hash_is_seen(seed: int) -> None:
    found = compare(samples(seed, 40, 6), samples(seed + 1, 4, 2), samples(seed + 2, 4, 2))
    assert found.difference is Difference.DIFFERENT
    assert found.gap > 20


@pytest.mark.parametrize("seed", range(100))
def test_equal_work_on_a_restless_machine_is_not_called_different(seed: int) -> None:
    found = compare(samples(seed, 40, 30), samples(seed + 1, 40, 30), samples(seed + 2, 40, 30))
    assert found.difference is Difference.SAME


def test_a_gap_too_small_to_use_over_a_network_is_not_called_different() -> None:
    found = compare(samples(1, 12, 0.1), samples(2, 10, 0.1), samples(3, 10, 0.1))
    assert found.difference is Difference.SAME


def test_a_null_pair_that_differs_says_nothing() -> None:
    found = compare(samples(1, 60, 1), samples(2, 20, 1), samples(3, 40, 1))
    assert found.difference is Difference.UNKNOWN


def test_a_few_samples_say_nothing() -> None:
    assert compare([1.0] * 3, [90.0] * 30, [90.0] * 30).difference is Difference.UNKNOWN
