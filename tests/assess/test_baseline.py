from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from l7audit.assess.assess import assess
from l7audit.assess.baseline import baseline_of
from l7audit.assess.results import Results
from l7audit.journal import CheckEnded, Skipped
from l7audit.model import GatePolicy, Severity, Verdict

TODAY = date(2026, 9, 21)
FAIL = Verdict.FAIL


def earlier(story: Any) -> Results:
    told = story()
    for name in ("AA-01", "AA-02", "AA-03", "AA-04"):
        told.control(name).check(name, FAIL, finding=f"fp-{name}")
    return assess(told.end(), TODAY)


def test_findings_are_new_fixed_unchanged_or_not_retested(story: Any) -> None:
    now = (
        story(baseline=baseline_of(earlier(story)))
        .control("AA-01")
        .control("AA-02")
        .control("AA-03")
        .control("AA-05")
    )
    now.check("AA-01").check("AA-02", FAIL, finding="fp-AA-02")
    now.check("AA-03", Verdict.ERROR).check("AA-05", FAIL, finding="fp-AA-05")
    found = assess(now.end(), TODAY).baseline
    assert found is not None
    assert found.run == "run-1"
    assert found.fixed == ["fp-AA-01"]
    assert found.unchanged == ["fp-AA-02"]
    assert found.new == ["fp-AA-05"]
    assert found.not_retested == ["fp-AA-03", "fp-AA-04"]


def test_a_finding_is_not_fixed_while_a_check_of_its_control_has_no_answer(story: Any) -> None:
    now = (
        story(baseline=baseline_of(earlier(story)))
        .control("AA-01", checks=2)
        .check("AA-01", FAIL, finding="other")
    )
    found = assess(now.end(), TODAY).baseline
    assert found is not None
    assert "fp-AA-01" in found.not_retested


def test_a_control_that_failed_without_saying_where_fixed_nothing(story: Any) -> None:
    now = story(baseline=baseline_of(earlier(story))).control("AA-01")
    now.add(CheckEnded(check="AA-01::1", control="AA-01", verdict=FAIL, reason="It broke."))
    found = assess(now.end(), TODAY).baseline
    assert found is not None
    assert "fp-AA-01" in found.not_retested


def only_new(story: Any, **plan: Any) -> Any:
    """A run whose gate counts only what the earlier one did not find."""
    policy = GatePolicy(minimum_score=100, only_new=True)
    return story(**({"baseline": baseline_of(earlier(story)), "gate": policy} | plan))


def test_what_was_known_does_not_count_where_only_new_findings_do(story: Any) -> None:
    told = only_new(story)
    for name in ("AA-01", "AA-02"):
        told.control(name, Severity.MEDIUM).check(name, FAIL, finding=f"fp-{name}")
    found = assess(told.control("AA-05").check("AA-05").end(), TODAY)
    assert found.gate.reason.startswith(
        "Passed with 2 failures known from the baseline (AA-01, AA-02): the score of 100.0"
    )
    assert found.score < 100


def test_a_known_finding_counts_again_once_its_control_is_more_severe(story: Any) -> None:
    told = only_new(story).control("AA-05").check("AA-05")
    told.control("AA-01", Severity.HIGH).check("AA-01", FAIL, finding="fp-AA-01")
    found = assess(told.end(), TODAY)
    assert found.baseline is not None
    assert found.baseline.worse == ["fp-AA-01"]
    assert found.gate.decision == "failed"


def test_a_finding_of_another_control_is_not_known(story: Any) -> None:
    told = only_new(story).control("AA-05").check("AA-05", FAIL, finding="fp-AA-01")
    assert assess(told.control("AA-06").check("AA-06").end(), TODAY).gate.decision == "failed"


def severe(story: Any) -> Results:
    told = story().control("AA-01", Severity.HIGH).check("AA-01", FAIL, finding="f1")
    return assess(told.control("AA-02").check("AA-02").end(), TODAY)


@pytest.mark.parametrize("state", ["not applicable", "out of scope", "gone from the catalogue"])
def test_a_known_finding_that_was_not_tested_again_is_not_taken_for_known(
    story: Any, state: str
) -> None:
    told = only_new(story, baseline=baseline_of(severe(story)))
    told.control("AA-02").check("AA-02")
    if state == "not applicable":
        told.control("AA-01", Severity.HIGH).check("AA-01", Verdict.NOT_APPLICABLE)
    elif state == "out of scope":
        told.out_of_scope.append(Skipped(control="AA-01", reason="It needs faults."))
    found = assess(told.end(), TODAY).gate
    assert (found.decision, found.reason) == (
        "untrusted",
        "Findings of the baseline were not tested again: AA-01.",
    )


def test_a_known_finding_of_a_control_that_was_not_asked_for_does_not_matter(story: Any) -> None:
    told = only_new(story, baseline=baseline_of(severe(story)))
    records = told.control("AA-01", Severity.HIGH).control("AA-02").check("AA-02").end()
    records[0] = msgspec.structs.replace(records[0], planned=["AA-02"], checks={})
    assert assess(records, TODAY).gate.decision == "passed"


def test_a_run_without_a_baseline_has_no_comparison(story: Any) -> None:
    assert earlier(story).baseline is None
