"""The score: 100 x passed weight / planned applicable weight, exact until it is rounded down.

A critical control that did not pass caps the score at 59. That counts an undecided one like a
failed one: otherwise breaking the check that found the failure would lift the cap. So no skip,
break or error ever raises a score, and waivers have a score of their own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from l7audit.assess.results import AreaResult, Arithmetic
from l7audit.model import Severity, Verdict

CAP = 59.0
"""The most that a run scores whose critical controls did not all pass."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the score needs to know of a planned control."""

    id: str
    severity: Severity
    verdict: Verdict
    waived: bool = False

    @property
    def weight(self) -> Fraction:
        return Fraction(self.severity.weight)

    @property
    def applies(self) -> bool:
        return self.verdict != Verdict.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class Score:
    """The scores (0..100, rounded down to one decimal), the coverage (0..1) and their terms."""

    unwaived: float
    with_waivers: float
    best_possible: float
    coverage: float
    arithmetic: Arithmetic


def score(controls: Sequence[Decided]) -> Score:
    """The score of a run. `best_possible` is what it would be if all that is open passed."""
    applicable = [c for c in controls if c.applies]
    passed = _weight(c for c in applicable if c.verdict == Verdict.PASS)
    failed = _weight(c for c in applicable if c.verdict == Verdict.FAIL)
    waived = _weight(c for c in applicable if c.waived)
    planned = _weight(applicable)
    open_critical = [c for c in applicable if _holds_down(c)]
    capped = bool(open_critical)
    unwaived = _points(passed, planned, capped=capped)
    return Score(
        unwaived=unwaived,
        with_waivers=_points(
            passed, planned - waived, capped=any(not c.waived for c in open_critical)
        ),
        best_possible=_points(
            planned - failed,
            planned,
            capped=any(c.verdict == Verdict.FAIL for c in open_critical),
        ),
        coverage=coverage(controls),
        arithmetic=Arithmetic(
            passed_weight=float(passed),
            planned_weight=float(planned),
            assessed_weight=float(passed + failed),
            waived_weight=float(waived),
            capped=capped,
            sentence=_sentence(passed, planned, unwaived, open_critical),
        ),
    )


def coverage(controls: Iterable[Decided]) -> float:
    """The share of the applicable weight that passed or failed, rounded down to 0.0001.

    1 where controls were planned and none applies; 0 where none was planned.
    """
    planned = list(controls)
    applicable = _weight(c for c in planned if c.applies)
    if not applicable:
        return 1.0 if planned else 0.0
    assessed = _weight(c for c in planned if c.verdict in (Verdict.PASS, Verdict.FAIL))
    return math.floor(assessed / applicable * 10_000) / 10_000


def areas(controls: Sequence[Decided]) -> list[AreaResult]:
    """Each area's own score (without the cap, which is the run's) and counts, by name."""
    names = sorted({_area(c) for c in controls})
    return [_area_result(name, [c for c in controls if _area(c) == name]) for name in names]


def area_scores(controls: Sequence[Decided]) -> dict[str, float | None]:
    """Each area's score without what is waived; None where that leaves nothing of it."""
    left: dict[str, list[Decided]] = {_area(c): [] for c in controls}
    for control in controls:
        if control.applies and not control.waived:
            left[_area(control)].append(control)
    return {
        name: _points(
            _weight(c for c in own if c.verdict == Verdict.PASS), _weight(own), capped=False
        )
        if own
        else None
        for name, own in left.items()
    }


def _area(control: Decided) -> str:
    return control.id.split("-")[0]


def _area_result(name: str, controls: Sequence[Decided]) -> AreaResult:
    def count(verdict: Verdict) -> int:
        return sum(c.verdict == verdict for c in controls)

    applicable = _weight(c for c in controls if c.applies)
    passed = _weight(c for c in controls if c.verdict == Verdict.PASS)
    return AreaResult(
        area=name,
        score=_points(passed, applicable, capped=False) if applicable else None,
        passed=count(Verdict.PASS),
        failed=count(Verdict.FAIL),
        inconclusive=count(Verdict.INCONCLUSIVE),
        error=count(Verdict.ERROR),
        not_applicable=count(Verdict.NOT_APPLICABLE),
        planned=len(controls),
        coverage=coverage(controls),
    )


def _holds_down(control: Decided) -> bool:
    return control.severity == Severity.CRITICAL and control.verdict != Verdict.PASS


def _weight(controls: Iterable[Decided]) -> Fraction:
    return sum((c.weight for c in controls), Fraction(0))


def _points(part: Fraction, whole: Fraction, *, capped: bool) -> float:
    if not whole:
        return 0.0
    points = math.floor(1000 * part / whole) / 10
    return min(points, CAP) if capped else points


def _sentence(
    passed: Fraction, planned: Fraction, points: float, open_critical: Sequence[Decided]
) -> str:
    if not planned:
        return "No planned control applies, so there is nothing to score."
    plain = _points(passed, planned, capped=False)
    text = (
        f"100 × {float(passed):g} passed weight ÷ {float(planned):g} planned weight"  # noqa: RUF001
        f" = {plain:.1f}"
    )
    if points == plain:
        return f"{text}."
    names = ", ".join(c.id for c in open_critical[:3])
    more = f" and {len(open_critical) - 3} more" if len(open_critical) > 3 else ""
    return f"{text}, capped at {CAP:g} because critical controls did not pass ({names}{more})."
