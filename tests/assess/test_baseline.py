from __future__ import annotations

from datetime import date
from typing import Any

from l7audit.assess.assess import assess
from l7audit.assess.baseline import baseline_of
from l7audit.assess.results import Results
from l7audit.model import Verdict

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


def test_a_run_without_a_baseline_has_no_comparison(story: Any) -> None:
    assert earlier(story).baseline is None
