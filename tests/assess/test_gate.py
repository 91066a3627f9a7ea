"""The gate's truth table: every row of `gate.py`, alone and against the rows below it."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.assess.acceptance import Accepted
from l7audit.assess.gate import Facts, decide
from l7audit.assess.results import (
    BaselineResult,
    CheckResult,
    ControlResult,
    Proof,
    TargetResult,
    WaiverResult,
)
from l7audit.model import GatePolicy, Severity, Verdict

PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR
INCONCLUSIVE, NOT_APPLICABLE = Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE
HIGH, LOW = Severity.HIGH, Severity.LOW


def control(
    name: str, verdict: Verdict, severity: Severity = HIGH, proof: Any = "none"
) -> ControlResult:
    return ControlResult(
        id=name,
        title=f"Title of {name}",
        area=name.split("-")[0],
        severity=severity,
        verdict=verdict,
        reason="",
        findings=[],
        proof=Proof(state=proof, clean=None, defects=[], near_misses=[], gaps=[]),
        witnesses=[],
        checks=[CheckResult(id=f"{name}::1", verdict=verdict, reason="", seconds=0.0)],
        waiver=None,
        mappings={},
        rationale="",
        remediation="",
        references=[],
        seconds=0.0,
    )


def target(outcome: Any) -> TargetResult:
    return TargetResult(
        id="uptime",
        statement="Up.",
        section="Operations",
        unit="ratio",
        bound="> 99.9 %",
        outcome=outcome,
        value=None,
        interval=None,
        sample=0,
        reason="",
    )


def waiver(state: Any) -> WaiverResult:
    return WaiverResult(
        control="AA-02",
        owner="ann",
        reason="Until the move.",
        expires="2026-09-21",
        fingerprint="",
        state=state,
        detail="It expired at the end of 2026-09-21 (UTC).",
    )


GOOD = control("AA-01", PASS)
COMPARED = BaselineResult(run="r0", new=[], fixed=[], unchanged=[], not_retested=[])
NEEDS_CONTROL = GatePolicy(required_controls=["AA-02"])
NEEDS_PROOF = GatePolicy(require_proof=[HIGH])
ONLY_NEW = GatePolicy(only_new=True)
NEEDS_AREA = GatePolicy(minimum_area_scores={"AA": 90})
NEEDS_TARGET = GatePolicy(required_targets=["uptime"])

TABLE: list[tuple[str, GatePolicy, dict[str, Any], tuple[str, int]]] = [
    ("all is well", GatePolicy(), {}, ("passed", 0)),
    ("it was interrupted", GatePolicy(), {"outcome": "interrupted"}, ("untrusted", 2)),
    ("it broke", GatePolicy(), {"outcome": "broken"}, ("untrusted", 6)),
    ("its journal ends early", GatePolicy(), {"outcome": "incomplete"}, ("untrusted", 6)),
    ("a waiver expired", GatePolicy(), {"waivers": [waiver("expired")]}, ("waivers", 7)),
    ("a waiver is invalid", GatePolicy(), {"waivers": [waiver("invalid")]}, ("waivers", 7)),
    ("a waiver is unused", GatePolicy(), {"waivers": [waiver("unused")]}, ("passed", 0)),
    ("no control", GatePolicy(), {"controls": []}, ("nothing_assessed", 5)),
    (
        "nothing applies",
        GatePolicy(),
        {"controls": [control("AA-01", NOT_APPLICABLE)]},
        ("nothing_assessed", 5),
    ),
    (
        "nothing has an answer",
        GatePolicy(),
        {"controls": [control("AA-01", ERROR)], "coverage": 0.0, "score": 0.0},
        ("nothing_assessed", 5),
    ),
    (
        "a failure that counts",
        GatePolicy(),
        {"controls": [GOOD, control("AA-02", FAIL)]},
        ("failed", 1),
    ),
    (
        "a failure that does not count",
        GatePolicy(),
        {"controls": [GOOD, control("AA-02", FAIL, LOW)]},
        ("passed", 0),
    ),
    (
        "a failure that is waived",
        GatePolicy(),
        {"controls": [GOOD, control("AA-02", FAIL)], "accepted": Accepted(waived=("AA-02",))},
        ("passed", 0),
    ),
    (
        "a required control failed",
        NEEDS_CONTROL,
        {"controls": [GOOD, control("AA-02", FAIL, LOW)]},
        ("failed", 1),
    ),
    (
        "a required control does not apply",
        NEEDS_CONTROL,
        {"controls": [GOOD, control("AA-02", NOT_APPLICABLE, LOW)]},
        ("failed", 1),
    ),
    (
        "a required control has no answer",
        NEEDS_CONTROL,
        {"controls": [GOOD, control("AA-02", ERROR, LOW)]},
        ("untrusted", 6),
    ),
    ("a required control was left out", NEEDS_CONTROL, {}, ("untrusted", 6)),
    ("a required target was missed", NEEDS_TARGET, {"targets": [target("missed")]}, ("failed", 1)),
    (
        "a required target is not demonstrated",
        NEEDS_TARGET,
        {"targets": [target("not_demonstrated")]},
        ("untrusted", 6),
    ),
    ("a required target is unknown", NEEDS_TARGET, {}, ("untrusted", 6)),
    ("a required target was met", NEEDS_TARGET, {"targets": [target("met")]}, ("passed", 0)),
    (
        "a required target was met by what is left",
        NEEDS_TARGET,
        {"targets": [target("met")], "controls": [GOOD, control("AA-02", ERROR, LOW)]},
        ("untrusted", 6),
    ),
    ("a target nobody requires", GatePolicy(), {"targets": [target("missed")]}, ("passed", 0)),
    ("a pass has no witness", GatePolicy(), {"unwitnessed": ["AA-01"]}, ("untrusted", 6)),
    ("coverage is too low", GatePolicy(), {"coverage": 0.8999}, ("untrusted", 6)),
    ("coverage is just enough", GatePolicy(), {"coverage": 0.9}, ("passed", 0)),
    (
        "a control that counts has no answer",
        GatePolicy(),
        {"controls": [GOOD, control("AA-02", INCONCLUSIVE)]},
        ("untrusted", 6),
    ),
    (
        "a control that does not count has no answer",
        GatePolicy(),
        {"controls": [GOOD, control("AA-02", INCONCLUSIVE, LOW)]},
        ("passed", 0),
    ),
    (
        "a control that must be proven is not",
        NEEDS_PROOF,
        {"controls": [GOOD, control("AA-02", PASS, proof="declared")]},
        ("untrusted", 6),
    ),
    (
        "a control that must be proven has a gap in its proof",
        NEEDS_PROOF,
        {"controls": [control("AA-01", PASS, proof="gap")]},
        ("untrusted", 6),
    ),
    (
        "a control that must be proven is",
        NEEDS_PROOF,
        {"controls": [control("AA-01", PASS, proof="proven"), control("AA-02", PASS, LOW)]},
        ("passed", 0),
    ),
    ("only new ones count without a baseline", ONLY_NEW, {}, ("untrusted", 6)),
    ("only new ones count and there is none", ONLY_NEW, {"baseline": COMPARED}, ("passed", 0)),
    (
        "a known failure was lost from sight",
        ONLY_NEW,
        {"baseline": COMPARED, "accepted": Accepted(lost=("AA-07",))},
        ("untrusted", 6),
    ),
    ("an area is not there", NEEDS_AREA, {}, ("untrusted", 6)),
    ("an area has nothing to score", NEEDS_AREA, {"areas": {"AA": None}}, ("failed", 1)),
    ("an area's score is too low", NEEDS_AREA, {"areas": {"AA": 89.9}}, ("failed", 1)),
    ("an area's score is just enough", NEEDS_AREA, {"areas": {"AA": 90.0}}, ("passed", 0)),
    ("the score is too low", GatePolicy(), {"score": 94.9}, ("failed", 1)),
    ("the score is just enough", GatePolicy(), {"score": 95.0}, ("passed", 0)),
]


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {
        "outcome": "completed",
        "controls": [GOOD],
        "targets": [],
        "waivers": [],
        "score": 100.0,
        "coverage": 1.0,
    }
    return Facts(**(given | changes))


@pytest.mark.parametrize(
    ("policy", "changes", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_gate_decides_as_its_table_says(
    policy: GatePolicy, changes: dict[str, Any], expected: tuple[str, int]
) -> None:
    found = decide(policy, facts(**changes))
    assert (found.decision, found.exit_code) == expected
    assert found.reason.endswith(".")
    assert found.reasons[0] == found.reason


ORDER: list[tuple[str, dict[str, Any], int]] = [
    ("interrupted", {"outcome": "interrupted"}, 2),
    ("waivers", {"waivers": [waiver("expired")]}, 7),
    ("failed", {"controls": [GOOD, control("AA-02", FAIL)]}, 1),
    ("unwitnessed", {"unwitnessed": ["AA-01"]}, 6),
    ("score", {"score": 10.0}, 1),
]


@pytest.mark.parametrize("start", range(len(ORDER)), ids=[row[0] for row in ORDER])
def test_the_first_objection_decides_and_the_others_are_told(start: int) -> None:
    changes: dict[str, Any] = {}
    for _, change, _ in ORDER[start:]:
        changes |= change
    found = decide(GatePolicy(), facts(**changes))
    assert found.exit_code == ORDER[start][2]
    assert len(found.reasons) == len(ORDER) - start


def test_the_gravest_failure_is_told_first() -> None:
    controls = [control("AA-01", FAIL), control("BB-01", FAIL, Severity.CRITICAL)]
    told = decide(GatePolicy(), facts(controls=controls))
    assert told.reason.startswith("BB-01 failed (critical)")
    assert told.reasons[1].startswith("AA-01 failed (high)")


def test_the_gate_says_why_it_passed() -> None:
    minor, void = control("AA-03", FAIL, LOW), control("AA-04", NOT_APPLICABLE)
    found = decide(GatePolicy(), facts(controls=[GOOD, minor, void], left_out=12))
    assert found.reason == (
        "The score of 100.0 reaches the minimum of 95 with 100 % of the planned weight decided, "
        "1 failed below the severities that count, 1 not applicable, 12 out of scope."
    )


def test_the_gate_says_first_what_it_let_pass() -> None:
    failed = [control(f"AA-{n:02}", FAIL) for n in (2, 3, 4)]
    accepted = Accepted(waived=("AA-02", "AA-03"), known=("AA-04",))
    found = decide(
        GatePolicy(only_new=True),
        facts(controls=[GOOD, *failed], accepted=accepted, baseline=COMPARED),
    )
    assert found.reason == (
        "Passed with 2 waived failures (AA-02, AA-03) and 1 failure known from the baseline "
        "(AA-04): the score of 100.0 reaches the minimum of 95 with 100 % of the planned weight "
        "decided."
    )


def test_the_gate_says_what_was_not_sure_enough() -> None:
    failed = [control(f"AA-{n:02}", FAIL) for n in (2, 3)]
    accepted = Accepted(unsure=("AA-02", "AA-03"))
    found = decide(GatePolicy(), facts(controls=[GOOD, *failed], accepted=accepted))
    assert found.decision == "passed"
    assert found.reason.startswith("Passed with 2 failures less sure than strong (AA-02, AA-03): ")


def test_a_broken_run_says_what_broke_it() -> None:
    found = decide(GatePolicy(), facts(outcome="broken", why_ended="The target stopped answering."))
    assert found.reason == "The run broke off: The target stopped answering."


def test_a_long_list_of_names_is_cut_and_counted() -> None:
    lost = [f"AA-{n:02}" for n in range(8)]
    assert "AA-04 and 3 more" in decide(GatePolicy(), facts(unwitnessed=lost)).reason


def test_a_coverage_just_below_the_minimum_does_not_look_like_it() -> None:
    found = decide(GatePolicy(), facts(coverage=0.8999))
    assert found.reason == ("Only 89.9 % of the planned weight was decided; the minimum is 90 %.")
