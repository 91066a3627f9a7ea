"""Documented targets against what was measured: met, missed or not demonstrated.

A promise is met only where the sample proves it at 95 % confidence, and missed only where the
sample disproves it; in between, and where nothing was measured, it is not demonstrated. Numbers
of a check that gave no answer are shown, but can't meet a promise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from l7audit.assess import quantities
from l7audit.assess.results import TargetOutcome, TargetResult
from l7audit.assess.scoring import Score
from l7audit.assess.statistics import (
    quantile,
    quantile_bounds,
    rate_bounds,
    trials_to_bound,
)
from l7audit.assess.verdicts import DECIDED, CheckEvidence
from l7audit.journal import Measurement
from l7audit.model import DocumentedTarget

SCORE = "security-score"
"""The target that is measured by the run itself."""

_PERCENTILE = re.compile(r"-p(\d{2})$")
_WORST = ("met", "not_demonstrated", "missed")


@dataclass(frozen=True, slots=True)
class Judged:
    """What one way of measuring says of a promise."""

    outcome: TargetOutcome
    reason: str
    value: float | None = None
    interval: tuple[float | None, float | None] | None = None
    sample: int = 0


def judge_targets(
    targets: Iterable[DocumentedTarget],
    checks: Sequence[CheckEvidence],
    score: Score,
    decided: int,
) -> list[TargetResult]:
    """Every documented target in the catalogue's order; `decided` controls made the score."""
    measured: dict[str, list[Measurement]] = defaultdict(list)
    unsure: set[str] = set()
    for check in checks:
        for measurement in check.measurements:
            if not measurement.documented:
                continue
            measured[measurement.documented].append(measurement)
            if check.verdict not in DECIDED:
                unsure.add(measurement.documented)
    results = []
    for target in targets:
        if target.id == SCORE:
            judged = judge_score(target, score, decided)
        else:
            judged = judge_measurements(target, measured[target.id])
            if target.id in unsure and judged.outcome == "met":
                judged = replace(
                    judged,
                    outcome="not_demonstrated",
                    reason="A check that measured it ended without an answer.",
                )
        results.append(_result(target, judged))
    return results


def _result(target: DocumentedTarget, judged: Judged) -> TargetResult:
    return TargetResult(
        id=target.id,
        statement=target.statement,
        section=target.section,
        unit=target.unit,
        bound=quantities.bound(target),
        outcome=judged.outcome,
        value=judged.value,
        interval=judged.interval,
        sample=judged.sample,
        reason=judged.reason,
    )


def judge_score(target: DocumentedTarget, score: Score, decided: int) -> Judged:
    """The run's own unwaived score; the interval's upper end is what open answers could add."""
    ends = (score.unwaived, score.best_possible)
    if not decided:
        return Judged("not_demonstrated", "No control was decided.")
    outcome = _by_interval(target, ends)
    reason = {
        "met": f"The score of {decided} decided controls.",
        "missed": "Even if every open control passed, the score would stay below.",
        "not_demonstrated": "Controls without an answer earn nothing, and they decide.",
    }[outcome]
    return Judged(outcome, reason, score.unwaived, ends, decided)


def judge_measurements(target: DocumentedTarget, found: Sequence[Measurement]) -> Judged:
    """All measurements of one target: rates are pooled, percentiles judged a measured name.

    Where it was measured in several ways the worst of them is told.
    """
    rates = [m for m in found if m.trials is not None]
    samples = [m for m in found if m.trials is None and m.samples]
    values = [m.value for m in found if m.trials is None and not m.samples and m.value is not None]
    judged: list[Judged] = []
    if rates:
        judged.append(_rate(target, rates))
    percentile = _PERCENTILE.search(target.id)
    if samples and percentile:
        judged += _percentiles(target, samples, int(percentile[1]) / 100)
    elif samples:
        values += [v for m in samples for v in m.samples]
    if values:
        judged.append(_worst_value(target, values))
    if not judged:
        return Judged("not_demonstrated", "Nothing measured it.")
    return max(judged, key=lambda j: (_WORST.index(j.outcome), _badness(target, j.value)))


def _rate(target: DocumentedTarget, found: Sequence[Measurement]) -> Judged:
    successes = sum(m.successes or 0 for m in found)
    trials = sum(m.trials or 0 for m in found)
    if any(not 0 <= (m.successes or 0) <= (m.trials or 0) for m in found) or not trials:
        return Judged("not_demonstrated", "It was measured without a single valid trial.")
    rate = successes / trials
    ends = rate_bounds(successes, trials)
    # A tolerance is for proving a promise, never for excusing what was seen to break it.
    outcome = _by_interval(target, ends)
    if outcome == "not_demonstrated" and target.tolerance and _holds(target, rate):
        outcome = _by_interval(_widened(target), ends)
    reason = f"{successes:,} of {trials:,} trials."
    if outcome == "not_demonstrated":
        reason += _more_trials(target, rate)
    return Judged(outcome, reason, rate, ends, trials)


def _widened(target: DocumentedTarget) -> DocumentedTarget:
    """The promise as the sample has to prove it: within its tolerance."""
    return DocumentedTarget(
        id=target.id,
        statement=target.statement,
        section=target.section,
        unit=target.unit,
        at_least=None if target.at_least is None else target.at_least - target.tolerance,
        at_most=None if target.at_most is None else target.at_most + target.tolerance,
    )


def _more_trials(target: DocumentedTarget, rate: float) -> str:
    room = [target.tolerance + 1 - target.at_least] if target.at_least is not None else []
    room += [target.tolerance + target.at_most] if target.at_most is not None else []
    if not room or not 0 < min(room) < 1:
        return " No number of trials can demonstrate it without a tolerance."
    if not _holds(target, rate):
        return " The rate seen is on the wrong side, but the sample is too small to be sure."
    return f" It takes {trials_to_bound(min(room)):,} without a miss."


def _percentiles(
    target: DocumentedTarget, found: Sequence[Measurement], q: float
) -> Iterable[Judged]:
    """One judgement a measured name: `for all endpoints` must not let a slow one hide."""
    by_name: dict[str, list[float]] = defaultdict(list)
    for measurement in found:
        by_name[measurement.name].extend(measurement.samples)
    for name, samples in sorted(by_name.items()):
        ends = quantile_bounds(samples, q)
        outcome = _by_interval(target, ends)
        reason = f"{name}: {len(samples):,} samples."
        if len(by_name) > 1:
            reason = f"The worst of {len(by_name)}: {reason}"
        if outcome == "not_demonstrated" and ends[1] is None:
            reason += f" A bound takes {trials_to_bound(1 - q):,}."
        yield Judged(outcome, reason, quantile(samples, q), ends, len(samples))


def _worst_value(target: DocumentedTarget, values: Sequence[float]) -> Judged:
    """Single values: each must keep the promise, and the worst is shown."""
    worst = max(values, key=lambda v: _badness(target, v))
    if not _holds(target, worst):
        return Judged("missed", f"The worst of {len(values):,}.", worst, None, len(values))
    if len(values) == 1:
        return Judged("met", "Measured once.", worst, None, 1)
    share = rate_bounds(len(values), len(values))[0]
    reason = (
        f"The worst of {len(values):,}; at 95 % confidence at least "
        f"{quantities.quantity(share, 'ratio', up=False)} of all keep the promise."
    )
    return Judged("met", reason, worst, None, len(values))


def _by_interval(
    target: DocumentedTarget, ends: tuple[float | None, float | None]
) -> TargetOutcome:
    """Met where the whole interval keeps the promise, missed where none of it does."""
    low, high = ends
    proven = disproven = False
    if target.at_least is not None:
        proven = low is not None and _above(target, low)
        disproven = high is not None and not _above(target, high)
    if target.at_most is not None:
        below = high is not None and _below(target, high)
        proven = below and (proven or target.at_least is None)
        disproven = disproven or (low is not None and not _below(target, low))
    if disproven:
        return "missed"
    return "met" if proven else "not_demonstrated"


def _holds(target: DocumentedTarget, value: float) -> bool:
    return (target.at_least is None or _above(target, value)) and (
        target.at_most is None or _below(target, value)
    )


def _above(target: DocumentedTarget, value: float) -> bool:
    least = target.at_least
    assert least is not None  # callers ask only where it is promised
    edge = quantities.at_edge(least, target.unit, upper=True)
    return value >= least if edge else value > least


def _below(target: DocumentedTarget, value: float) -> bool:
    most = target.at_most
    assert most is not None  # callers ask only where it is promised
    edge = quantities.at_edge(most, target.unit, upper=False)
    return value <= most if edge else value < most


def _badness(target: DocumentedTarget, value: float | None) -> float:
    """How far a value is on the wrong side; larger is worse."""
    if value is None:
        return float("-inf")
    below = float("-inf") if target.at_least is None else target.at_least - value
    above = float("-inf") if target.at_most is None else value - target.at_most
    return max(below, above)
