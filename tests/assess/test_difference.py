from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from l7audit.assess.assess import assess
from l7audit.assess.difference import Difference, difference
from l7audit.assess.results import Results
from l7audit.journal import CheckEnded, Skipped
from l7audit.model import Severity, Verdict

FAIL = Verdict.FAIL


def run(story: Any, outcome: str = "completed", **verdicts: Any) -> Results:
    """A run of high controls `AA_01=verdict`; a text is the fingerprint of a failure."""
    told = story()
    for name, said in verdicts.items():
        control = name.replace("_", "-")
        told.control(control, Severity.HIGH)
        if said in list(Verdict):
            told.check(control, Verdict(said), finding="fp" if said == FAIL else "")
        else:
            told.check(control, FAIL, finding=said)
    return assess(told.end(outcome), date(2026, 9, 21))


def fingerprints(found: Difference) -> dict[str, list[str]]:
    kinds = ("new", "fixed", "unchanged", "worse", "not_retested")
    return {k: [c.fingerprint for c in getattr(found, k)] for k in kinds if getattr(found, k)}


def test_findings_and_verdicts_of_two_runs_are_told_apart(story: Any) -> None:
    before = run(story, AA_01="f1", AA_02="f2", AA_03="f3", AA_04="pass", AA_06="pass")
    after = run(story, AA_01="pass", AA_02="f2", AA_03="error", AA_04="f4", AA_05="pass")
    found = difference(before, after)
    assert fingerprints(found) == {
        "new": ["f4"],
        "fixed": ["f1"],
        "unchanged": ["f2"],
        "not_retested": ["f3"],
    }
    assert (found.answer, found.reason) == ("new", "1 new finding.")
    changed = {c.control: (c.before, c.after) for c in found.verdicts}
    assert changed == {
        "AA-01": (FAIL, Verdict.PASS),
        "AA-03": (FAIL, Verdict.ERROR),
        "AA-04": (Verdict.PASS, FAIL),
        "AA-05": (None, Verdict.PASS),
        "AA-06": (Verdict.PASS, None),
    }
    (new,) = found.new
    assert (new.control, new.severity, new.place.operation) == (
        "AA-04",
        Severity.HIGH,
        "GET /things/{id}",
    )


def test_a_run_differs_in_nothing_from_itself(story: Any) -> None:
    same = run(story, AA_01="f1", AA_02="pass", AA_03="error")
    found = difference(same, same)
    assert (found.answer, found.verdicts, fingerprints(found)) == (
        "nothing_new",
        [],
        {"unchanged": ["f1"]},
    )


def test_a_finding_whose_control_became_more_severe_is_worse(story: Any) -> None:
    def told(severity: Severity) -> Results:
        made = story().control("AA-01", severity).check("AA-01", FAIL, finding="f1")
        return assess(made.end(), date(2026, 9, 21))

    found = difference(told(Severity.LOW), told(Severity.CRITICAL))
    assert fingerprints(found) == {"unchanged": ["f1"], "worse": ["f1"]}
    assert (found.answer, found.reason) == ("new", "1 more severe than before.")
    assert difference(told(Severity.HIGH), told(Severity.LOW)).answer == "nothing_new"


def test_a_control_that_fails_without_a_finding_is_new(story: Any) -> None:
    told = story().control("AA-01")
    told.add(CheckEnded(check="AA-01::1", control="AA-01", verdict=FAIL, reason="It broke."))
    found = difference(run(story, AA_01="pass"), assess(told.end(), date(2026, 9, 21)))
    assert (found.answer, found.reason) == ("new", "AA-01 failed without saying where.")


@pytest.mark.parametrize("said", ["error", "inconclusive", "not_applicable"])
def test_nothing_new_is_not_believed_where_a_finding_got_no_answer(story: Any, said: str) -> None:
    found = difference(run(story, AA_01="f1", AA_02="pass"), run(story, AA_01=said, AA_02="pass"))
    assert (found.answer, found.reason) == (
        "untrusted",
        "Nothing new was seen, but AA-01 gave no answer again.",
    )


def test_nothing_new_is_not_believed_of_a_run_that_was_cut_short(story: Any) -> None:
    found = difference(run(story, AA_01="pass"), run(story, "interrupted", AA_01="pass"))
    assert found.answer == "untrusted"


def test_a_finding_of_a_control_that_was_left_out_on_purpose_is_only_told(story: Any) -> None:
    before = run(story, AA_01="f1", AA_02="pass")
    found = difference(before, run(story, AA_02="pass"))
    assert (found.answer, fingerprints(found)) == ("nothing_new", {"not_retested": ["f1"]})
    told = story().control("AA-02").check("AA-02")
    told.out_of_scope.append(Skipped(control="AA-01", reason="It needs faults."))
    assert difference(before, assess(told.end(), date(2026, 9, 21))).answer == "untrusted"
