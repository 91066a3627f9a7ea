from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from l7audit.assess.assess import assess
from l7audit.assess.results import TargetResult
from l7audit.assess.targets import documented_targets
from l7audit.model import DocumentedTarget, Severity, Verdict

TARGETS = {t.id: t for t in documented_targets()}


def judged(story: Any, target: str, *measurements: dict[str, Any], **check: Any) -> TargetResult:
    """What one passing control that measured this says of the target."""
    told = story(documented=[TARGETS[target]]).control("AA-01").check("AA-01", **check)
    for measurement in measurements:
        told.measure("AA-01", target, **measurement)
    return assess(told.end(), date(2026, 9, 21)).targets[0]


@pytest.mark.parametrize(
    ("target", "successes", "trials", "outcome"),
    [
        ("uptime", 2995, 2995, "met"),
        ("uptime", 2994, 2994, "not_demonstrated"),
        ("uptime", 2990, 3000, "missed"),
        ("uptime", 2998, 3000, "not_demonstrated"),
        ("error-rate", 0, 300, "met"),
        ("error-rate", 0, 298, "not_demonstrated"),
        ("error-rate", 30, 300, "missed"),
        ("auth-success-rate", 299, 299, "met"),
        ("auth-success-rate", 298, 298, "not_demonstrated"),
        ("auth-success-rate", 99_999, 100_000, "missed"),
        ("backup-success-rate", 59, 59, "met"),
        ("security-violation-rate", 0, 29_956, "met"),
        ("security-violation-rate", 0, 29_955, "not_demonstrated"),
        ("uptime", 0, 0, "not_demonstrated"),
        ("uptime", 5, 3, "not_demonstrated"),
    ],
)
def test_a_rate_is_met_only_where_the_sample_proves_it(
    story: Any, target: str, successes: int, trials: int, outcome: str
) -> None:
    assert judged(story, target, {"successes": successes, "trials": trials}).outcome == outcome


def test_a_rate_tells_its_interval_its_sample_and_what_is_missing(story: Any) -> None:
    found = judged(story, "uptime", {"successes": 1000, "trials": 1000})
    assert (found.value, found.sample) == (1.0, 1000)
    assert found.interval is not None
    assert found.interval[0] == pytest.approx(0.997009, abs=1e-6)
    assert found.interval[1] == 1.0
    assert found.reason == "1,000 of 1,000 trials. It takes 2,995 without a miss."
    assert found.bound == "> 99.9 %"


def test_rates_of_several_checks_are_pooled(story: Any) -> None:
    half = {"successes": 1500, "trials": 1500}
    found = judged(story, "uptime", half, half)
    assert (found.outcome, found.sample) == ("met", 3000)


def test_a_rate_on_the_wrong_side_is_not_excused_by_a_small_sample(story: Any) -> None:
    found = judged(story, "uptime", {"successes": 299, "trials": 300})
    assert found.outcome == "not_demonstrated"
    assert "on the wrong side" in found.reason


def test_a_percentile_needs_enough_samples(story: Any) -> None:
    assert judged(story, "response-time-p95", {"samples": [9.0] * 58}).outcome == (
        "not_demonstrated"
    )
    found = judged(story, "response-time-p95", {"samples": [9.0] * 59, "unit": "ms"})
    assert (found.outcome, found.value, found.interval) == ("met", 9.0, (9.0, 9.0))


def test_a_slow_endpoint_does_not_hide_behind_the_fast_ones(story: Any) -> None:
    fast = {"name": "GET /fast", "samples": [9.0] * 5000}
    slow = {"name": "GET /slow", "samples": [900.0] * 100}
    found = judged(story, "response-time-p95", fast, slow)
    assert (found.outcome, found.value, found.sample) == ("missed", 900.0, 100)
    assert found.reason == "The worst of 2: GET /slow: 100 samples."


def test_the_worst_of_single_values_decides(story: Any) -> None:
    found = judged(story, "recovery-time", {"value": 3.0}, {"samples": [4.0, 950.0]})
    assert (found.outcome, found.value, found.sample) == ("missed", 950.0, 3)


def test_single_values_tell_how_much_they_demonstrate(story: Any) -> None:
    found = judged(story, "recovery-time", {"samples": [4.0, 5.0, 6.0]})
    assert (found.outcome, found.value) == ("met", 6.0)
    assert found.reason == (
        "The worst of 3; at 95 % confidence at least 36.84 % of all keep the promise."
    )
    assert judged(story, "recovery-time", {"value": 3.0}).reason == "Measured once."


def test_a_bound_is_exclusive_except_at_the_edge_of_what_can_be(story: Any) -> None:
    assert judged(story, "dependency-updates", {"value": 7.0}).outcome == "missed"
    assert judged(story, "dependency-updates", {"value": 6.9}).outcome == "met"
    assert judged(story, "critical-vulnerabilities", {"value": 0}).outcome == "met"
    assert judged(story, "critical-vulnerabilities", {"value": 1}).outcome == "missed"


def test_a_level_is_judged_by_its_worst_sample(story: Any) -> None:
    assert judged(story, "resource-utilisation", {"samples": [0.2, 0.79]}).outcome == "met"
    assert judged(story, "resource-utilisation", {"samples": [0.2, 0.81]}).outcome == "missed"


def test_what_nobody_measured_is_not_demonstrated(story: Any) -> None:
    found = judged(story, "uptime")
    assert (found.outcome, found.value, found.reason) == (
        "not_demonstrated",
        None,
        "Nothing measured it.",
    )


def test_a_check_without_an_answer_cannot_meet_a_promise(story: Any) -> None:
    found = judged(
        story, "uptime", {"successes": 3000, "trials": 3000}, verdict=Verdict.INCONCLUSIVE
    )
    assert (found.outcome, found.sample) == ("not_demonstrated", 3000)
    assert found.reason == "A check that measured it ended without an answer."


@pytest.mark.parametrize(
    ("verdicts", "outcome", "interval"),
    [
        ([Verdict.PASS] * 20, "met", (100.0, 100.0)),
        ([Verdict.PASS] * 19 + [Verdict.FAIL], "missed", (95.0, 95.0)),
        ([Verdict.PASS] * 18 + [Verdict.ERROR] * 2, "not_demonstrated", (90.0, 100.0)),
    ],
)
def test_the_security_score_is_the_runs_own(
    story: Any, verdicts: list[Verdict], outcome: str, interval: tuple[float, float]
) -> None:
    told = story(documented=[TARGETS["security-score"]])
    for number, verdict in enumerate(verdicts, start=1):
        told.control(f"AA-{number:02}", Severity.LOW).check(f"AA-{number:02}", verdict)
    results = assess(told.end(), date(2026, 9, 21))
    found = results.targets[0]
    assert (found.outcome, found.interval, found.value) == (outcome, interval, results.score)


def test_a_run_that_decided_nothing_has_no_security_score(story: Any) -> None:
    told = story(documented=[TARGETS["security-score"]]).control("AA-01")
    found = assess(told.end(), date(2026, 9, 21)).targets[0]
    assert (found.outcome, found.value) == ("not_demonstrated", None)


def test_a_promise_with_two_ends_is_kept_only_between_them(story: Any) -> None:
    both = DocumentedTarget(
        id="both", statement="x", section="x", unit="s", at_least=1.0, at_most=5.0
    )
    for value, outcome in ((0.5, "missed"), (3.0, "met"), (9.0, "missed")):
        told = story(documented=[both]).control("AA-01").check("AA-01")
        told.measure("AA-01", "both", value=value)
        assert assess(told.end(), date(2026, 9, 21)).targets[0].outcome == outcome
