"""Exact confidence bounds, small enough to be read and to need no numerical library.

Each bound is one-sided: it holds with the given confidence on its own. That is what a promise
such as `< 1 %` asks for, and it is where the rule of three comes from: n clean probes bound the
true rate by `1 - 0.05 ** (1 / n)`, about `3 / n`, at 95 %.

Sources: Clopper & Pearson, Biometrika 26 (1934) 404; the continued fraction of the incomplete
beta function after Lentz (NIST DLMF 8.17.22); order-statistics bounds of a quantile after
Hahn & Meeker, Statistical Intervals (1991), 5.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

CONFIDENCE = 0.95
"""How sure each bound is, wherever this package states one."""

_HALVINGS = 60  # an interval of [0, 1] halved as often as a double can tell apart
_TINY = 1e-300


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for 0 <= x <= 1 and a, b > 0."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast only on this side of the mean
        return 1.0 - incomplete_beta(1.0 - x, b, a)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return min(1.0, math.exp(log_front) * _fraction(x, a, b) / a)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of I_x(a, b) by Lentz's method."""
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / _away_from_zero(1.0 + even * d)
        c = _away_from_zero(1.0 + even / c)
        result *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1.0 / _away_from_zero(1.0 + odd * d)
        c = _away_from_zero(1.0 + odd / c)
        step = d * c
        result *= step
        if abs(step - 1.0) < 1e-15:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def binomial_at_most(k: int, n: int, p: float) -> float:
    """The probability of at most `k` successes in `n` trials with success rate `p`."""
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    return incomplete_beta(1.0 - p, n - k, k + 1)


def rate_bounds(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Clopper-Pearson bounds (lower, upper) of a rate, each at `confidence`.

    Errors: `ValueError` where `successes` is not within 0..`trials` or there was no trial.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials is no sample")
    miss = 1.0 - confidence
    lower = 0.0
    if successes == trials:
        lower = miss ** (1.0 / trials)
    elif successes > 0:
        lower = _beta_quantile(miss, successes, trials - successes + 1)
    upper = 1.0
    if successes == 0:
        upper = -math.expm1(math.log(miss) / trials)
    elif successes < trials:
        upper = _beta_quantile(confidence, successes + 1, trials - successes)
    return lower, upper


def _beta_quantile(p: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if incomplete_beta(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def trials_to_bound(rate: float, confidence: float = CONFIDENCE) -> int:
    """How many clean trials bound an unwanted rate by `rate` (0 < rate < 1): the rule of three."""
    needed = math.log(1.0 - confidence) / math.log1p(-rate)
    return math.ceil(needed - 1e-9)


def quantile(samples: Sequence[float], q: float) -> float:
    """The smallest sample that at least the share `q` (0 < q <= 1) of all samples do not exceed.

    Errors: `ValueError` without samples.
    """
    if not samples:
        raise ValueError("no samples")
    rank = max(1, math.ceil(q * len(samples) - 1e-9))
    return sorted(samples)[rank - 1]


def quantile_bounds(
    samples: Sequence[float], q: float, confidence: float = CONFIDENCE
) -> tuple[float | None, float | None]:
    """Bounds (lower, upper) of the true `q` quantile, free of any assumed distribution.

    Each is a sample, or None where there are too few: an upper bound of a p95 takes 59.
    """
    ordered = sorted(samples)
    n = len(ordered)
    # The true quantile lies below the r-th sample where fewer than r of n fall under it.
    upper = _first(n, lambda r: binomial_at_most(r - 1, n, q) >= confidence)
    # It lies above the r-th where at least r do; counted from the other end to search alike.
    lower = _first(n, lambda r: binomial_at_most(r - 1, n, 1.0 - q) >= confidence)
    return (
        None if lower is None else ordered[n - lower],
        None if upper is None else ordered[upper - 1],
    )


def _first(n: int, holds: Callable[[int], bool]) -> int | None:
    """The smallest r of 1..n for which a predicate that stays true once true holds, or None."""
    if n < 1 or not holds(n):
        return None
    low, high = 1, n
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
