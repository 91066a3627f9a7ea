"""What must hold for every run: nothing that goes missing may make it look better."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l7audit.assess.assess import assess
from l7audit.assess.results import Results, encode
from l7audit.errors import JournalError
from l7audit.journal import AnyRecord, Baseline, KnownFinding, Records, digest
from l7audit.journal import encode as encode_record
from l7audit.model import Confidence, DocumentedTarget, GatePolicy, Place, Severity, Verdict, Waiver

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
    confidence: Confidence = Confidence.CONFIRMED


@dataclass(frozen=True)
class Run:
    """A whole run: severities and checks of its controls, the policy and the waivers."""

    controls: tuple[tuple[Severity, tuple[Check, ...]], ...]
    policy: GatePolicy
    waivers: tuple[Waiver, ...]
    known: tuple[KnownFinding, ...] | None = None

    def records(self, story: Any) -> list[AnyRecord]:
        told = story(
            gate=self.policy,
            waivers=list(self.waivers),
            documented=PROMISES,
            baseline=None
            if self.known is None
            else Baseline(run="r0", started="", findings=list(self.known)),
        )
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
        return self.changed(control, check, breakage=breakage)

    def without(self, findings: set[tuple[str, str]]) -> Run:
        """The same run, had the checks that found these (control, fingerprint) passed."""
        run = self
        for index, (_, checks) in enumerate(self.controls):
            for number, check in enumerate(checks):
                if check.verdict == Verdict.FAIL and (f"AA-{index:02}", check.finding) in findings:
                    run = run.changed(index, number, verdict=Verdict.PASS)
        return run

    def changed(self, control: int, check: int, **how: Any) -> Run:
        severity, checks = self.controls[control]
        hurt = replace(checks[check], **how)
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
    more = {"confidence": check.confidence}
    told.check(name, verdict, number=number, witness=witness, finding=finding, **more)
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
KNOWN = st.builds(
    KnownFinding,
    fingerprint=st.sampled_from(["f1", "f2"]),
    control=NAMES,
    place=st.just(Place(operation="GET /things/{id}")),
    statement=st.just("It was open."),
    severity=st.sampled_from([Severity.CRITICAL, Severity.CRITICAL, *Severity]),
)
POLICIES = st.builds(
    GatePolicy,
    minimum_score=st.sampled_from([0, 50, 59, 95]),
    minimum_coverage=st.sampled_from([0, 0.5, 0.9]),
    fail_on=st.lists(st.sampled_from(Severity), max_size=3),
    required_controls=st.lists(NAMES, max_size=1),
    required_targets=st.lists(st.sampled_from(["compliance", "security-score"]), max_size=1),
    minimum_area_scores=st.sampled_from([{}, {}, {"AA": 60.0}, {"BB": 0.0}]),
    require_proof=st.sampled_from([[], [], [], [Severity.CRITICAL]]),
    only_new=st.booleans(),
    accept_waivers=st.sampled_from([True, True, False]),
    maximum_waiver_days=st.sampled_from([None, None, 30]),
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
    known=st.none() | st.lists(KNOWN, max_size=3).map(tuple),
)
NEARLY_GREEN = st.builds(
    Run,
    controls=st.lists(
        st.tuples(
            st.sampled_from([Severity.HIGH, Severity.HIGH, Severity.LOW]),
            st.lists(
                st.builds(
                    Check,
                    verdict=st.sampled_from([Verdict.PASS] * 3 + [Verdict.FAIL] * 3 + [*Verdict]),
                    finding=st.sampled_from(["f1", "f2"]),
                    measured=st.none(),
                ),
                min_size=1,
                max_size=2,
            ).map(tuple),
        ),
        min_size=2,
        max_size=3,
    ).map(tuple),
    policy=st.builds(
        GatePolicy,
        minimum_score=st.sampled_from([0, 0, 50]),
        minimum_coverage=st.just(0),
        minimum_area_scores=st.sampled_from([{}, {"AA": 50.0}]),
        accept_waivers=st.sampled_from([True, True, False]),
    ),
    waivers=st.lists(WAIVERS, max_size=1).map(tuple),
)
"""Runs that little keeps from passing, so that what may open the gate often does."""

BREAKAGES = ("skipped", "error", "inconclusive", "cut", "no witness", "lost witness")


@settings(max_examples=50, deadline=None)
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


def failure_or_score(reason: str) -> bool:
    """Whether an objection is one that an accepted failure may lift."""
    return bool(re.match(r"AA-\d\d failed \(|The score of |The area AA has a minimum", reason))


@settings(max_examples=200, deadline=None)
@given(run=RUNS | NEARLY_GREEN, waiver=WAIVERS)
def test_a_waiver_opens_the_gate_only_for_the_failures_that_it_names(
    story: Any, run: Run, waiver: Waiver
) -> None:
    before = run.assessed(story)
    wider = replace(run, waivers=(*run.waivers, waiver))
    after = wider.assessed(story)
    assert (after.score, after.coverage) == (before.score, before.coverage)
    assert [c.verdict for c in after.controls] == [c.verdict for c in before.controls]
    if after.waivers[-1].state in ("expired", "invalid"):
        assert after.gate.exit_code != 0
    if before.gate.exit_code != 0 and after.gate.exit_code == 0:
        hypothesis.event("opened by waiver")
        assert run.policy.accept_waivers
        assert after.waivers[-1].state == "applied"
        assert all(failure_or_score(reason) for reason in before.gate.reasons)
        assert "waived failure" in after.gate.reason
        named = {(c.id, f.fingerprint) for c in after.controls for f in c.findings if f.waived}
        assert wider.without(named).assessed(story).gate.exit_code == 0


@settings(max_examples=100, deadline=None)
@given(run=NEARLY_GREEN, waivers=st.lists(WAIVERS, max_size=4))
def test_where_waivers_are_not_accepted_none_ever_opens_the_gate(
    story: Any, run: Run, waivers: list[Waiver]
) -> None:
    strict = replace(run, policy=msgspec.structs.replace(run.policy, accept_waivers=False))
    before = replace(strict, waivers=()).assessed(story).gate
    after = replace(strict, waivers=tuple(waivers)).assessed(story).gate
    assert after.exit_code == before.exit_code or after.exit_code != 0


@settings(max_examples=200, deadline=None)
@given(run=NEARLY_GREEN, known=st.lists(KNOWN, min_size=1, max_size=4))
def test_a_baseline_opens_the_gate_only_for_the_findings_that_it_has_and_only_on_request(
    story: Any, run: Run, known: list[KnownFinding]
) -> None:
    # No two controls share a fingerprint: it is made of the control's id, too.
    hypothesis.assume(
        len({f.fingerprint for f in known}) == len({(f.fingerprint, f.control) for f in known})
    )
    plain = replace(run, known=None, policy=msgspec.structs.replace(run.policy, only_new=False))
    alike = replace(plain, known=tuple(known)).assessed(story)
    before = plain.assessed(story)
    assert alike.gate == before.gate
    asked = replace(
        plain, known=tuple(known), policy=msgspec.structs.replace(run.policy, only_new=True)
    )
    after = asked.assessed(story)
    if before.gate.exit_code != 0 and after.gate.exit_code == 0:
        hypothesis.event("opened by baseline")
        assert "known from the baseline" in after.gate.reason
        assert all(failure_or_score(reason) for reason in before.gate.reasons)
        had = {(f.control, f.fingerprint) for f in known} | {
            (c.id, f.fingerprint) for c in after.controls for f in c.findings if f.waived
        }
        assert asked.without(had).assessed(story).gate.exit_code == 0


@settings(max_examples=200, deadline=None)
@given(run=RUNS | NEARLY_GREEN, weak=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 1))))
def test_how_sure_a_finding_is_changes_the_gate_alone_and_only_as_far_as_its_failure_counts(
    story: Any, run: Run, weak: set[tuple[int, int]]
) -> None:
    before = run.assessed(story)
    unsure = run
    for control, check in weak:
        if control < len(run.controls) and check < len(run.controls[control][1]):
            unsure = unsure.changed(control, check, confidence=Confidence.WEAK)
    after = unsure.assessed(story)
    assert (after.score, after.score_with_waivers) == (before.score, before.score_with_waivers)
    assert (after.coverage, after.areas) == (before.coverage, before.areas)
    assert [c.verdict for c in after.controls] == [c.verdict for c in before.controls]
    asked = msgspec.structs.replace(run.policy, minimum_confidence=Confidence.WEAK)
    assert replace(unsure, policy=asked).assessed(story).gate == before.gate
    if before.gate.exit_code == 0:
        assert after.gate.exit_code == 0
    elif after.gate.exit_code == 0:
        hypothesis.event("opened by doubt")
        assert "less sure than strong" in after.gate.reason
        assert all(failure_or_score(reason) for reason in before.gate.reasons)
        doubted = {
            (c.id, f.fingerprint)
            for c in after.controls
            for f in c.findings
            if f.confidence is Confidence.WEAK or f.waived
        }
        assert unsure.without(doubted).assessed(story).gate.exit_code == 0


@settings(max_examples=25, deadline=None)
@given(run=RUNS)
def test_a_journal_that_lacks_any_record_is_refused_or_never_passes(
    story: Any, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    lines, last = [], b""
    for record in run.records(story):
        last = encode_record(msgspec.structs.replace(record, prev=digest(last) if last else ""))
        lines.append(last)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert assess(Records(path), TODAY).score == run.assessed(story).score
    for left_out in range(len(lines)):
        rest = lines[:left_out] + lines[left_out + 1 :]
        path.write_bytes(b"".join(line + b"\n" for line in rest))
        try:
            found = assess(Records(path), TODAY)
        except JournalError:
            continue
        assert left_out == len(lines) - 1
        assert found.gate.exit_code != 0


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
