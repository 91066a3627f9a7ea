"""Every combination of what the gate decides on, against an oracle that is a table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pytest

from l7audit.assess import gate
from l7audit.assess.assess import assess
from l7audit.assess.gate import Facts, decide
from l7audit.assess.results import (
    CheckResult,
    ControlResult,
    GateResult,
    Proof,
    TargetResult,
    WaiverResult,
)
from l7audit.journal import Baseline, KnownFinding
from l7audit.model import GatePolicy, Place, Severity, Verdict, Waiver

PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR
INCONCLUSIVE, NOT_APPLICABLE = Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE
HIGH, LOW = Severity.HIGH, Severity.LOW
TODAY = date(2026, 9, 21)


class Row(NamedTuple):
    """A condition, what it decides alone, and what the reason says."""

    condition: str
    decision: str
    exit_code: int
    reason: str


TABLE = [
    Row("interrupted", "untrusted", 2, "The run was interrupted."),
    Row("broken", "untrusted", 6, "The run broke off."),
    Row("incomplete", "untrusted", 6, "The journal ends before the run did; resume it."),
    Row("expired waiver", "waivers", 7, "The waiver of AA-02: It expired."),
    Row("nothing assessed", "nothing_assessed", 5, "No control was assessed."),
    Row("failure", "failed", 1, "AA-02 failed (high): Title of AA-02."),
    Row("required does not apply", "failed", 1, "AA-03 is required, but does not apply."),
    Row("target missed", "failed", 1, "The required target uptime (> 99.9 %) was missed."),
    Row("unwitnessed", "untrusted", 6, "No witness supports the passing checks of AA-01."),
    Row("coverage", "untrusted", 6, "Only 80 % of the planned weight was decided"),
    Row("undecided", "untrusted", 6, "No answer from AA-04, where a failure would count."),
    Row("required undecided", "untrusted", 6, "AA-05 is required, but has no answer."),
    Row("unproven", "untrusted", 6, "AA-06 must be proven, but no proof of these suites"),
    Row("no baseline", "untrusted", 6, "Only new findings count, but there is no baseline"),
    Row("area missing", "untrusted", 6, "The area BB has a minimum score, but is not part"),
    Row("area score", "failed", 1, "The score of 10.0 of the area CC is below its minimum of 90."),
    Row("score", "failed", 1, "The score of 10.0 is below the minimum of 95."),
]
ENDINGS = ("interrupted", "broken", "incomplete")
TOGGLES = [row.condition for row in TABLE if row.condition not in ENDINGS]


def control(name: str, verdict: Verdict, severity: Severity = HIGH) -> ControlResult:
    return ControlResult(
        id=name,
        title=f"Title of {name}",
        area=name.split("-")[0],
        severity=severity,
        verdict=verdict,
        reason="",
        findings=[],
        proof=Proof(state="declared", clean=None, defects=[], near_misses=[], gaps=[]),
        witnesses=[],
        checks=[CheckResult(id=f"{name}::1", verdict=verdict, reason="", seconds=0.0)],
        waiver=None,
        mappings={},
        rationale="",
        remediation="",
        references=[],
        seconds=0.0,
    )


CONTROLS = {
    "failure": control("AA-02", FAIL),
    "required does not apply": control("AA-03", NOT_APPLICABLE, LOW),
    "undecided": control("AA-04", ERROR),
    "required undecided": control("AA-05", INCONCLUSIVE, LOW),
    "unproven": control("AA-06", NOT_APPLICABLE, Severity.MEDIUM),
}
GOOD = control("AA-01", PASS)
MISSED = TargetResult(
    id="uptime",
    statement="Up.",
    section="Operations",
    unit="ratio",
    bound="> 99.9 %",
    outcome="missed",
    value=None,
    interval=None,
    sample=0,
    reason="",
)
EXPIRED = WaiverResult(
    control="AA-02",
    owner="ann",
    reason="Until the move.",
    expires="2026-09-20",
    fingerprint="",
    state="expired",
    detail="It expired.",
)


def decided(conditions: frozenset[str], outcome: Any) -> GateResult:
    """The gate's decision where exactly these conditions hold."""
    areas = {"AA": 100.0, "CC": 10.0 if "area score" in conditions else 90.0}
    required = {"required does not apply": "AA-03", "required undecided": "AA-05"}
    policy = GatePolicy(
        required_controls=[name for c, name in required.items() if c in conditions],
        required_targets=["uptime"] if "target missed" in conditions else [],
        require_proof=[Severity.MEDIUM],
        only_new="no baseline" in conditions,
        minimum_area_scores={"CC": 90.0} | ({"BB": 1.0} if "area missing" in conditions else {}),
    )
    controls = [c for name, c in CONTROLS.items() if name in conditions]
    return decide(
        policy,
        Facts(
            outcome=outcome,
            controls=controls if "nothing assessed" in conditions else [GOOD, *controls],
            targets=[MISSED],
            waivers=[EXPIRED] if "expired waiver" in conditions else [],
            score=10.0 if "score" in conditions else 95.0,
            coverage=0.8 if "coverage" in conditions else 0.9,
            areas=areas,
            unwitnessed=["AA-01"] if "unwitnessed" in conditions else [],
        ),
    )


def subsets() -> Iterator[frozenset[str]]:
    for flags in itertools.product((False, True), repeat=len(TOGGLES)):
        yield frozenset(itertools.compress(TOGGLES, flags))


@pytest.mark.parametrize("outcome", ["completed", *ENDINGS])
def test_the_first_row_that_applies_decides_and_every_one_is_told(outcome: str) -> None:
    rows = 0
    for conditions in subsets():
        holds = conditions | {outcome}
        if "failure" in conditions:  # which is an assessment
            holds -= {"nothing assessed"}
        expected = [row for row in TABLE if row.condition in holds]
        found = decided(conditions, outcome)
        first = expected[0] if expected else Row("", "passed", 0, "The score of 95.0 reaches")
        assert (found.decision, found.exit_code) == (first.decision, first.exit_code), holds
        assert found.reason == found.reasons[0]
        assert len(found.reasons) == max(1, len(expected))
        for said, row in zip(found.reasons, expected or [first], strict=True):
            assert said.startswith(row.reason), holds
        rows += 1
    assert rows == 2 ** len(TOGGLES)


def test_the_gates_own_table_says_what_each_row_of_this_one_does() -> None:
    assert gate.__doc__
    told = re.findall(r"^    .*?  +(\w+) +(\d)$", gate.__doc__, re.MULTILINE)
    rows = [(row.decision, str(row.exit_code)) for row in TABLE]
    assert told[-1] == ("passed", "0")
    assert list(dict.fromkeys(told[:-1])) == list(dict.fromkeys(rows))


# --- one control, from the journal to the decision ----------------------------------------------

VERDICTS = ["pass", "fail", "error", "inconclusive", "not_applicable", "not run", "fail, half open"]
WAIVERS = ["none", "control", "finding", "other finding", "expired"]
BASELINES = ["none", "empty", "the finding", "the finding, milder", "other finding"]
OPEN = ("error", "inconclusive", "not run", "fail, half open")


class Case(NamedTuple):
    """A run of one control that passed, and one in this state under this policy."""

    state: str
    severity: Severity
    waiver: str
    accept: bool
    only_new: bool
    baseline: str
    required: bool

    def told(self, story: Any) -> Any:
        told = story(
            gate=GatePolicy(
                minimum_score=0,
                minimum_coverage=0,
                accept_waivers=self.accept,
                only_new=self.only_new,
                required_controls=["AA-02"] if self.required else [],
            ),
            waivers=self._waivers(),
            baseline=self._baseline(),
        )
        told.control("AA-01").check("AA-01")
        if self.state == "fail, half open":
            told.control("AA-02", self.severity, checks=2).check("AA-02", FAIL, finding="f1")
            return told.check("AA-02", ERROR, number=2).end()
        told.control("AA-02", self.severity)
        if self.state != "not run":
            told.check("AA-02", Verdict(self.state), finding="f1" if self.state == "fail" else "")
        return told.end()

    def _waivers(self) -> list[Waiver]:
        if self.waiver == "none":
            return []
        return [
            Waiver(
                control="AA-02",
                owner="ann",
                reason="Until the move.",
                expires="2026-09-20" if self.waiver == "expired" else "2026-09-21",
                fingerprint={"finding": "f1", "other finding": "f9"}.get(self.waiver, ""),
            )
        ]

    def _baseline(self) -> Baseline | None:
        if self.baseline == "none":
            return None
        finding = KnownFinding(
            fingerprint="f9" if self.baseline == "other finding" else "f1",
            control="AA-02",
            place=Place(operation="GET /things"),
            statement="It was open then.",
            severity=LOW if self.baseline == "the finding, milder" else self.severity,
        )
        return Baseline(
            run="r0", started="", findings=[] if self.baseline == "empty" else [finding]
        )

    def expected(self) -> tuple[str, int, str]:
        """The decision, the exit code and what the reason names: one rule a line."""
        milder = self.baseline == "the finding, milder" and self.severity is HIGH
        counts = self.severity is HIGH or self.required
        waived = self.accept and self.waiver in ("control", "finding")
        known = self.only_new and self.baseline.startswith("the finding") and not milder
        failed = (self.state == "fail" and not (waived or known)) or self.state == "fail, half open"
        before = self.baseline not in ("none", "empty")
        gone = before and (self.state != "fail" and self.state != "pass")
        if self.state == "fail, half open" and self.baseline.startswith("the finding"):
            gone = False
        rules = [
            (self.waiver == "expired", ("waivers", 7, "expired")),
            (counts and failed, ("failed", 1, "AA-02 failed")),
            (self.required and self.state == "not_applicable", ("failed", 1, "does not apply")),
            (counts and self.state in OPEN, ("untrusted", 6, "o answer")),
            (self.only_new and self.baseline == "none", ("untrusted", 6, "no baseline")),
            (self.only_new and gone and counts, ("untrusted", 6, "not tested again: AA-02")),
            (
                self.state == "fail" and waived,
                ("passed", 0, "Passed with 1 waived failure (AA-02)"),
            ),
            (self.state == "fail" and known, ("passed", 0, "Passed with 1 failure known")),
            (failed, ("passed", 0, "1 failed below the severities")),
            (True, ("passed", 0, "The score of")),
        ]
        return next(expected for holds, expected in rules if holds)


@pytest.mark.parametrize("state", VERDICTS)
def test_a_control_in_any_state_under_any_policy_is_decided_as_the_rules_say(
    story: Any, state: str
) -> None:
    rows = 0
    both = (False, True)
    for rest in itertools.product((HIGH, LOW), WAIVERS, both, both, BASELINES, both):
        case = Case(state, *rest)
        found = assess(case.told(story), TODAY).gate
        decision, exit_code, said = case.expected()
        assert (found.decision, found.exit_code) == (decision, exit_code), case
        assert said in found.reason, case
        rows += 1
    assert rows == 2 * len(WAIVERS) * 2 * 2 * len(BASELINES) * 2
