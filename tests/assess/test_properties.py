"""What must hold for every run: nothing that goes missing may make it look better."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from l7audit.assess.assess import assess
from l7audit.assess.results import Results, encode
from l7audit.journal import AnyRecord
from l7audit.model import DocumentedTarget, GatePolicy, Severity, Verdict, Waiver

TODAY = date(2026, 9, 21)
PROMISES = [
    DocumentedTarget(
        id="compliance", statement="x", section="x", unit="ratio", at_least=1.0, tolerance=0.1
    ),
    DocumentedTarget(id="security-score", statement="x", section="x", unit="score", at_least=95),
]


@dataclass(frozen=True)
class Check:
    """One check as it is told; `breakage` is how it goes missing."""

    verdict: Verdict
    finding: str
    measured: int | None
    breakage: str = ""


@dataclass(frozen=True)
class Run:
    """A whole run: severities and checks of its controls, the policy and the waivers."""

    controls: tuple[tuple[Severity, tuple[Check, ...]], ...]
    policy: GatePolicy
    waivers: tuple[Waiver, ...]

    def records(self, story: Any) -> list[AnyRecord]:
        told = story(gate=self.policy, waivers=list(self.waivers), documented=PROMISES)
        for index, (severity, checks) in enumerate(self.controls):
            name = f"AA-{index:02}"
            told.control(name, severity, checks=len(checks))
            for number, check in enumerate(checks, start=1):
                tell(told, name, number, check)
        records: list[AnyRecord] = told.end()
        return records

    def assessed(self, story: Any) -> Results:
        return assess(self.records(story), TODAY)

    def broken(self, control: int, check: int, breakage: str) -> Run:
        severity, checks = self.controls[control]
        hurt = replace(checks[check], breakage=breakage)
        changed = (severity, (*checks[:check], hurt, *checks[check + 1 :]))
        return replace(
            self, controls=(*self.controls[:control], changed, *self.controls[control + 1 :])
        )


def tell(told: Any, name: str, number: int, check: Check) -> None:
    verdict = check.verdict
    if check.breakage == "skipped":
        return
    if check.breakage in ("error", "inconclusive"):
        verdict = Verdict(check.breakage)
    witness: bool | None = {"no witness": None, "lost witness": False}.get(check.breakage, True)
    finding = check.finding if verdict == Verdict.FAIL else ""
    told.check(name, verdict, number=number, witness=witness, finding=finding)
    if check.measured is not None:
        told.measure(name, "compliance", number=number, successes=check.measured, trials=30)
    if check.breakage == "cut":
        told.body[:] = [
            r
            for r in told.body
            if not (type(r).__name__ == "CheckEnded" and r.check == f"{name}::{number}")
        ]


CHECKS = st.builds(
    Check,
    verdict=st.sampled_from([Verdict.PASS] * 8 + [Verdict.FAIL, *Verdict]),
    finding=st.sampled_from(["f1", "f2"]),
    measured=st.sampled_from([None, None, 0, 29, 30]),
)
NAMES = st.sampled_from(["AA-00", "AA-01", "AA-02"])
WAIVERS = st.builds(
    Waiver,
    control=NAMES,
    owner=st.just("ann"),
    reason=st.just("Until the move."),
    expires=st.sampled_from(["2026-09-21", "2026-09-21", "2026-09-20"]),
    fingerprint=st.sampled_from(["", "f1", "f2"]),
)
POLICIES = st.builds(
    GatePolicy,
    minimum_score=st.sampled_from([0, 50, 59, 95]),
    minimum_coverage=st.sampled_from([0, 0.5, 0.9]),
    fail_on=st.lists(st.sampled_from(Severity), max_size=3),
    required_controls=st.lists(NAMES, max_size=1),
    required_targets=st.lists(st.sampled_from(["compliance", "security-score"]), max_size=1),
)
RUNS = st.builds(
    Run,
    controls=st.lists(
        st.tuples(st.sampled_from(Severity), st.lists(CHECKS, min_size=1, max_size=3).map(tuple)),
        min_size=1,
        max_size=5,
    ).map(tuple),
    policy=POLICIES,
    waivers=st.lists(WAIVERS, max_size=2).map(tuple),
)
BREAKAGES = ("skipped", "error", "inconclusive", "cut", "no witness", "lost witness")


@settings(max_examples=60, deadline=None)
@given(run=RUNS)
def test_nothing_that_goes_missing_raises_the_score_or_opens_the_gate(story: Any, run: Run) -> None:
    before = run.assessed(story)
    for control, (_, checks) in enumerate(run.controls):
        for check, breakage in itertools.product(range(len(checks)), BREAKAGES):
            after = run.broken(control, check, breakage).assessed(story)
            assert after.score <= before.score
            assert after.score_with_waivers <= before.score_with_waivers
            assert after.coverage <= before.coverage
            if before.gate.exit_code != 0:
                assert after.gate.exit_code != 0


@settings(max_examples=100, deadline=None)
@given(run=RUNS, waiver=WAIVERS)
def test_a_waiver_leaves_score_and_verdicts_alone_and_opens_the_gate_only_by_covering(
    story: Any, run: Run, waiver: Waiver
) -> None:
    before = run.assessed(story)
    after = replace(run, waivers=(*run.waivers, waiver)).assessed(story)
    assert (after.score, after.coverage) == (before.score, before.coverage)
    assert [c.verdict for c in after.controls] == [c.verdict for c in before.controls]
    if before.gate.exit_code != 0 and after.gate.exit_code == 0:
        assert after.waivers[-1].state == "applied"
    if after.waivers[-1].state == "expired":
        assert after.gate.exit_code == 7


@settings(max_examples=100, deadline=None)
@given(run=RUNS, keep=st.integers(1, 40))
def test_a_run_that_was_cut_off_anywhere_never_passes(story: Any, run: Run, keep: int) -> None:
    records = run.records(story)
    assert assess(records[: min(keep, len(records) - 1)], TODAY).gate.exit_code != 0


@settings(max_examples=60, deadline=None)
@given(run=RUNS, seed=st.integers())
def test_an_assessment_is_pure_and_does_not_mind_the_order_of_the_list(
    story: Any, run: Run, seed: int
) -> None:
    records = run.records(story)
    shuffled = list(records)
    random.Random(seed).shuffle(shuffled)
    first = encode(assess(records, TODAY))
    assert encode(assess(records, TODAY)) == first
    assert encode(assess(shuffled, TODAY)) == first
