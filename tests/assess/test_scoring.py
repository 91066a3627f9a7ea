from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit.assess.scoring import CAP, Decided, areas, coverage, score
from l7audit.model import Severity, Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
NOT_APPLICABLE = Verdict.NOT_APPLICABLE


def decided(name: str, severity: str, verdict: Verdict, *, waived: bool = False) -> Decided:
    return Decided(name, Severity(severity), verdict, waived)


def test_the_score_is_passed_weight_over_planned_weight() -> None:
    found = score(
        [
            decided("AA-01", "high", PASS),
            decided("AA-02", "medium", FAIL),
            decided("AA-03", "low", PASS),
        ]
    )
    assert found.unwaived == 66.6  # 10 of 15, rounded down
    assert found.arithmetic.passed_weight == 10
    assert found.arithmetic.planned_weight == 15
    assert found.arithmetic.sentence == "100 × 10 passed weight ÷ 15 planned weight = 66.6."  # noqa: RUF001


def test_the_score_is_never_rounded_up() -> None:
    controls = [decided(f"AA-{n:02}", "critical", PASS) for n in range(99)]
    controls += [decided("BB-01", "low", FAIL)]
    assert score(controls).unwaived == 99.7  # 99.748...


def test_what_does_not_apply_leaves_the_score() -> None:
    assert score([decided("AA-01", "high", PASS), decided("AA-02", "high", NOT_APPLICABLE)]) == (
        score([decided("AA-01", "high", PASS)])
    )


@pytest.mark.parametrize("verdict", [OPEN, Verdict.ERROR])
def test_what_has_no_answer_earns_nothing_but_might_have(verdict: Verdict) -> None:
    found = score([decided("AA-01", "high", PASS), decided("AA-02", "high", verdict)])
    assert (found.unwaived, found.best_possible, found.coverage) == (50.0, 100.0, 0.5)


@pytest.mark.parametrize("verdict", [FAIL, OPEN, Verdict.ERROR])
def test_a_critical_control_that_did_not_pass_caps_the_score(verdict: Verdict) -> None:
    controls = [decided(f"AA-{n:02}", "high", PASS) for n in range(20)]
    found = score([*controls, decided("BB-01", "critical", verdict)])
    assert found.unwaived == CAP
    assert found.arithmetic.capped
    assert "capped at 59 because critical controls did not pass (BB-01)" in (
        found.arithmetic.sentence
    )
    assert found.best_possible == (CAP if verdict == FAIL else 100.0)


def test_a_cap_that_changes_nothing_is_not_told() -> None:
    found = score([decided("AA-01", "critical", FAIL), decided("AA-02", "low", PASS)])
    assert found.unwaived == 20.0
    assert "capped" not in found.arithmetic.sentence


def test_a_waived_failure_counts_only_in_the_score_with_waivers() -> None:
    controls = [decided(f"AA-{n:02}", "high", PASS) for n in range(20)]
    found = score([*controls, decided("BB-01", "critical", FAIL, waived=True)])
    assert (found.unwaived, found.with_waivers) == (CAP, 100.0)
    assert found.arithmetic.waived_weight == 10


def test_nothing_planned_and_nothing_applicable_score_nothing() -> None:
    nothing = score([])
    assert (nothing.unwaived, nothing.coverage) == (0.0, 0.0)
    assert nothing.arithmetic.sentence == (
        "No planned control applies, so there is nothing to score."
    )
    absent = score([decided("AA-01", "high", NOT_APPLICABLE)])
    assert (absent.unwaived, absent.coverage) == (0.0, 1.0)


def test_all_waived_is_not_a_full_score() -> None:
    assert score([decided("AA-01", "high", FAIL, waived=True)]).with_waivers == 0.0


def test_coverage_is_rounded_down() -> None:
    controls = [decided(f"AA-{n:02}", "low", PASS) for n in range(2)]
    assert coverage([*controls, decided("AA-03", "low", OPEN)]) == 0.6666


def test_each_area_has_its_own_score_and_counts() -> None:
    first, second, third = areas(
        [
            decided("BB-01", "high", PASS),
            decided("AA-01", "high", PASS),
            decided("AA-02", "high", FAIL),
            decided("CC-01", "low", NOT_APPLICABLE),
        ]
    )
    assert (first.area, first.score, first.passed, first.failed) == ("AA", 50.0, 1, 1)
    assert (second.area, second.score, second.planned) == ("BB", 100.0, 1)
    assert (third.area, third.score, third.coverage, third.not_applicable) == ("CC", None, 1, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from(Severity), st.sampled_from(Verdict)), min_size=1, max_size=12
    )
)
def test_a_score_stays_within_what_is_possible(found: list[tuple[Severity, Verdict]]) -> None:
    controls = [Decided(f"AA-{n:02}", s, v) for n, (s, v) in enumerate(found)]
    result = score(controls)
    assert 0 <= result.unwaived <= result.best_possible <= 100
    assert result.unwaived == result.with_waivers
    assert 0 <= result.coverage <= 1
