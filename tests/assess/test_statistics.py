from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit.assess.statistics import (
    binomial_at_most,
    incomplete_beta,
    quantile,
    quantile_bounds,
    rate_bounds,
    trials_to_bound,
)


def exact_at_most(k: int, n: int, p: Fraction) -> float:
    """The binomial sum in exact arithmetic: the oracle."""
    return float(sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)))


@given(st.integers(1, 120), st.data())
def test_the_binomial_sum_agrees_with_exact_arithmetic(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n - 1))
    p = Fraction(data.draw(st.integers(1, 199)), 200)
    assert binomial_at_most(k, n, float(p)) == pytest.approx(exact_at_most(k, n, p), abs=1e-11)


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [  # two-sided 95 % Clopper-Pearson intervals, as statistical tables print them
        (5, 10, 0.1871, 0.8129),
        (1, 20, 0.0013, 0.2487),
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (16, 20, 0.5634, 0.9427),
        (81, 263, 0.2527, 0.3676),
    ],
)
def test_a_rate_has_the_bounds_that_the_tables_print(
    successes: int, trials: int, lower: float, upper: float
) -> None:
    assert rate_bounds(successes, trials, 0.975) == pytest.approx((lower, upper), abs=6e-5)


@given(st.integers(1, 400), st.data())
def test_each_bound_of_a_rate_is_where_the_sample_becomes_that_unlikely(
    trials: int, data: st.DataObject
) -> None:
    successes = data.draw(st.integers(0, trials))
    lower, upper = rate_bounds(successes, trials)
    assert 0 <= lower <= successes / trials <= upper <= 1
    if successes:
        assert 1 - binomial_at_most(successes - 1, trials, lower) == pytest.approx(0.05, abs=1e-8)
    if successes < trials:
        assert binomial_at_most(successes, trials, upper) == pytest.approx(0.05, abs=1e-8)


def test_the_rule_of_three_bounds_a_rate_that_was_never_seen() -> None:
    for trials in (100, 300, 3000, 30_000):
        _, upper = rate_bounds(0, trials)
        assert upper == pytest.approx(3 / trials, rel=0.02)


@pytest.mark.parametrize(
    ("rate", "trials"), [(0.05, 59), (0.01, 299), (0.001, 2995), (0.0001, 29_956)]
)
def test_that_many_clean_trials_bound_a_rate_and_one_less_does_not(
    rate: float, trials: int
) -> None:
    assert trials_to_bound(rate) == trials
    assert rate_bounds(0, trials)[1] <= rate < rate_bounds(0, trials - 1)[1]


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 3), (4, 3)])
def test_what_is_no_sample_has_no_bounds(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="is no sample"):
        rate_bounds(successes, trials)


def test_a_large_sample_is_bounded_without_losing_digits() -> None:
    lower, upper = rate_bounds(999_000, 1_000_000)
    assert lower == pytest.approx(0.999 - 1.645 * math.sqrt(0.999 * 0.001 / 1e6), abs=2e-6)
    assert upper == pytest.approx(0.999 + 1.645 * math.sqrt(0.999 * 0.001 / 1e6), abs=2e-6)


def test_the_incomplete_beta_function_is_symmetric_and_ends_at_0_and_1() -> None:
    assert incomplete_beta(0.0, 2, 3) == 0.0
    assert incomplete_beta(1.0, 2, 3) == 1.0
    assert incomplete_beta(0.3, 2, 3) == pytest.approx(1 - incomplete_beta(0.7, 3, 2))
    assert incomplete_beta(0.5, 4, 4) == pytest.approx(0.5)


def test_a_quantile_is_the_sample_that_the_share_does_not_exceed() -> None:
    samples = [float(n) for n in range(100, 0, -1)]
    assert quantile(samples, 0.95) == 95
    assert quantile(samples, 1.0) == 100
    assert quantile([3.0], 0.95) == 3
    with pytest.raises(ValueError, match="no samples"):
        quantile([], 0.95)


def test_a_p95_has_an_upper_bound_from_59_samples_on() -> None:
    assert quantile_bounds(range(58), 0.95)[1] is None
    assert quantile_bounds(range(59), 0.95)[1] == 58


def test_the_bounds_of_a_quantile_are_the_order_statistics_that_the_tables_name() -> None:
    hundred = [float(n) for n in range(1, 101)]
    assert quantile_bounds(hundred, 0.95) == (91, 99)
    ten = [float(n) for n in range(1, 11)]
    assert quantile_bounds(ten, 0.5, 0.975) == (2, 9)
    assert quantile_bounds([], 0.5) == (None, None)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_bounds_of_a_quantile_enclose_it(samples: list[float], q: float) -> None:
    lower, upper = quantile_bounds(samples, q)
    assert lower is None or lower <= quantile(samples, q)
    assert upper is None or upper >= quantile(samples, q)
