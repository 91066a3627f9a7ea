from __future__ import annotations

from typing import Any

import pytest

from l7audit.assess.verdicts import combine, control_evidence
from l7audit.errors import JournalError
from l7audit.journal import CheckEnded, CheckStarted, Observation, RunResumed, Witness
from l7audit.model import Confidence, Place, Verdict

PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR
INCONCLUSIVE, NOT_APPLICABLE = Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("checks", "control"),
    [
        ([PASS, PASS], PASS),
        ([PASS, NOT_APPLICABLE], PASS),
        ([NOT_APPLICABLE, NOT_APPLICABLE], NOT_APPLICABLE),
        ([PASS, INCONCLUSIVE], INCONCLUSIVE),
        ([NOT_APPLICABLE, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, ERROR, PASS], ERROR),
        ([INCONCLUSIVE, ERROR, PASS, FAIL, NOT_APPLICABLE], FAIL),
        ([], INCONCLUSIVE),
    ],
)
def test_a_control_says_what_its_most_telling_check_says(
    checks: list[Verdict], control: Verdict
) -> None:
    assert combine(checks) == control
    assert combine(reversed(checks)) == control


def test_a_witnessed_pass_is_a_pass_without_a_reason(story: Any) -> None:
    [found] = control_evidence(story().control("AA-01").check("AA-01").end())
    assert (found.verdict, found.reason) == (PASS, "")


def test_a_pass_without_a_witness_is_inconclusive(story: Any) -> None:
    [found] = control_evidence(story().control("AA-01").check("AA-01", witness=None).end())
    assert found.verdict == INCONCLUSIVE
    assert found.reason == "No witness shows that it could have failed."
    assert found.checks[0].unwitnessed


def test_a_pass_whose_witness_did_not_hold_is_inconclusive(story: Any) -> None:
    [found] = control_evidence(story().control("AA-01").check("AA-01", witness=False).end())
    assert found.verdict == INCONCLUSIVE
    assert found.reason == "A witness did not hold: The key is taken."


def test_a_witness_that_fails_after_the_check_ended_still_counts(story: Any) -> None:
    late = Witness(check="AA-01::1", control="AA-01", statement="Still alive.", held=False)
    [found] = control_evidence(story().control("AA-01").check("AA-01").add(late).end())
    assert found.verdict == INCONCLUSIVE


def test_a_pass_that_saw_a_violation_is_a_fail(story: Any) -> None:
    [found] = control_evidence(story().control("AA-01").check("AA-01", finding="f").end())
    assert found.verdict == FAIL
    assert found.problems[0].fingerprint == "f"


def test_not_applicable_needs_a_reason(story: Any) -> None:
    told = story().control("AA-01").control("AA-02")
    told.check("AA-01", NOT_APPLICABLE, reason="").check("AA-02", NOT_APPLICABLE)
    first, second = control_evidence(told.end())
    assert first.verdict == INCONCLUSIVE
    assert second.verdict == NOT_APPLICABLE


def test_a_planned_check_that_did_not_run_leaves_its_control_inconclusive(story: Any) -> None:
    [found] = control_evidence(story().control("AA-01", checks=2).check("AA-01").end())
    assert found.verdict == INCONCLUSIVE
    assert found.reason == "It was planned, but did not run."


def test_a_check_that_did_not_end_leaves_its_control_inconclusive(story: Any) -> None:
    began = CheckStarted(check="AA-01::1", control="AA-01")
    told = story().control("AA-01").add(began).violation("AA-01", 1, "f")
    [found] = control_evidence(told.end(outcome=""))
    assert (found.verdict, found.problems) == (INCONCLUSIVE, ())
    assert found.reason == "It began, but did not end."


def test_a_control_without_any_check_is_inconclusive(story: Any) -> None:
    [found] = control_evidence(story().control("AA-01", checks=0).end())
    assert (found.verdict, found.reason) == (INCONCLUSIVE, "No check of it was planned or ran.")


def test_the_last_complete_attempt_counts(story: Any) -> None:
    told = story().control("AA-01").check("AA-01", FAIL).add(RunResumed()).check("AA-01")
    [found] = control_evidence(told.end())
    assert (found.verdict, found.problems) == (PASS, ())


@pytest.mark.parametrize("first", [ERROR, INCONCLUSIVE])
def test_what_an_attempt_without_an_answer_saw_is_not_counted_again(
    story: Any, first: Verdict
) -> None:
    told = story().control("AA-01").check("AA-01", first)
    told.measure("AA-01", "Errors", successes=1, trials=5).add(RunResumed())
    told.add(CheckStarted(check="AA-01::1", control="AA-01"))
    told.measure("AA-01", "Errors", successes=0, trials=7)
    told.add(Witness(check="AA-01::1", control="AA-01", statement="It is let in", held=True))
    told.add(CheckEnded(check="AA-01::1", control="AA-01", verdict=PASS, seconds=2.0))
    [found] = control_evidence(told.end())
    assert found.verdict == PASS
    [check] = found.checks
    assert [m.trials for m in check.measurements] == [7]
    assert (len(check.witnesses), check.seconds) == (1, 2.0)


def test_an_attempt_that_was_cut_short_does_not_take_an_earlier_answer_away(story: Any) -> None:
    told = story().control("AA-01").check("AA-01", FAIL).add(RunResumed())
    told.add(CheckStarted(check="AA-01::1", control="AA-01"))
    [found] = control_evidence(told.end(outcome=""))
    assert found.verdict == FAIL


def test_the_witness_of_an_earlier_attempt_does_not_support_a_later_one(story: Any) -> None:
    told = story().control("AA-01").check("AA-01").add(RunResumed())
    [found] = control_evidence(told.check("AA-01", witness=None).end())
    assert found.verdict == INCONCLUSIVE


def test_a_check_that_ends_twice_says_the_worse_of_both(story: Any) -> None:
    torn = CheckEnded(check="AA-01::1", control="AA-01", verdict=ERROR, reason="It broke.")
    [found] = control_evidence(story().control("AA-01").check("AA-01").add(torn).end())
    assert (found.verdict, found.reason) == (ERROR, "It broke.")


def test_checks_that_run_side_by_side_are_kept_apart(story: Any) -> None:
    one = story().control("AA-01").control("AA-02").check("AA-01").check("AA-02", FAIL)
    woven = story().control("AA-01").control("AA-02")
    first, second = one.body[:3], one.body[3:]
    for pair in zip(first, second, strict=False):
        woven.add(*pair)
    woven.add(*second[3:])
    assert [c.verdict for c in control_evidence(woven.end())] == [PASS, FAIL]


def test_violations_with_one_fingerprint_are_one_problem_with_all_exchanges(story: Any) -> None:
    told = story().control("AA-01", checks=2)
    told.check("AA-01", FAIL, finding="f").check("AA-01", FAIL, number=2, finding="f")
    [found] = control_evidence(told.end())
    assert len(found.problems) == 1
    assert found.problems[0].exchanges == ("e1",)
    assert found.reason == "GET /things/{id} (f): It answered 200 without a key."


def test_the_reason_counts_what_it_leaves_out(story: Any) -> None:
    told = story().control("AA-01", checks=3)
    for number in (1, 2, 3):
        told.check("AA-01", FAIL, number=number, finding=f"f{number}")
    [found] = control_evidence(told.end())
    assert found.reason.endswith("(and 2 more)")


def test_a_fail_without_evidence_stays_a_fail(story: Any) -> None:
    ended = CheckEnded(check="AA-01::1", control="AA-01", verdict=FAIL)
    [found] = control_evidence(story().control("AA-01").add(ended).end())
    assert (found.verdict, found.reason) == (FAIL, "It failed without saying where.")


def test_records_that_decide_nothing_are_left_alone(story: Any) -> None:
    seen = Observation(check="AA-01::1", control="AA-01", statement="A banner.")
    [found] = control_evidence(story().control("AA-01").check("AA-01").add(seen).end())
    assert found.verdict == PASS


def test_a_journal_without_a_plan_cannot_be_assessed() -> None:
    with pytest.raises(JournalError, match="holds no run record"):
        control_evidence([])


def test_a_plan_that_names_an_undefined_control_is_refused(story: Any) -> None:
    told = story().control("AA-01").end()
    broken = type(told[0])(
        format=1, run="r", seed=1, target="t", provider="p", controls=[], planned=["AA-01"]
    )
    with pytest.raises(JournalError, match="plans AA-01 without saying"):
        control_evidence([broken])


def test_violations_of_one_cause_are_one_problem_at_all_its_places(story: type[Any]) -> None:
    told = story().control("AA-01")
    places = [Place(operation="GET /b", part="x"), Place(operation="GET /a", part="y")]
    told.check(
        "AA-01", Verdict.FAIL, finding="f1", place=places[0], cause="any origin",
        confidence=Confidence.WEAK, exchanges=["e2"],
    )  # fmt: skip
    end = told.body.pop()
    told.violation("AA-01", 1, "f1", place=places[1], cause="any origin", exchanges=["e1"])
    told.violation("AA-01", 1, "f2")
    told.body.append(end)
    (control,) = control_evidence(told.end())
    one, other = sorted(control.problems, key=lambda p: p.fingerprint)
    assert [s.place for s in one.spots] == [places[1], places[0]]
    assert (one.place, one.cause, one.confidence) == (places[1], "any origin", Confidence.CONFIRMED)
    assert one.exchanges == ("e1", "e2")
    assert [s.exchanges for s in one.spots] == [("e1",), ("e2",)]
    assert len(other.spots) == 1
    assert control.reason.endswith("(and 2 more)")
    assert control.below(Confidence.STRONG) == frozenset()
