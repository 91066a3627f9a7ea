"""What an assessment says: the structs of `results.json`, and nothing that computes them.

`docs/schema/results.schema.json` is generated from here. Unlike the journal, results are written
with every field, so that a reader never has to know a default.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from l7audit.model import Authorisation, Confidence, Place, Severity, Verdict

SCHEMA = "l7audit-results/1"
"""The format of `results.json`; it changes when a field is dropped or means something else."""

Points = Annotated[float, msgspec.Meta(ge=0, le=100)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]

Decision = Literal["passed", "failed", "untrusted", "nothing_assessed", "waivers"]
TargetOutcome = Literal["met", "missed", "not_demonstrated"]
ProofState = Literal["proven", "declared", "gap", "none"]
WaiverState = Literal["applied", "unused", "expired", "invalid"]
RunOutcome = Literal["completed", "interrupted", "broken", "incomplete"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the results; written with all its fields."""


class Arithmetic(Entry, frozen=True, kw_only=True):
    """How the score came about, in weights (critical 10, high 7.5, medium 5, low 2.5).

    `planned_weight` counts every planned control that applies to the target;
    `assessed_weight` those of them that passed or failed; `waived_weight` the accepted failures.
    """

    passed_weight: float
    planned_weight: float
    assessed_weight: float
    waived_weight: float
    capped: bool
    sentence: str


class AreaResult(Entry, frozen=True, kw_only=True):
    """One area, in numbers of controls. No score where nothing of it applies."""

    area: str
    score: Points | None
    passed: Count
    failed: Count
    inconclusive: Count
    error: Count
    not_applicable: Count
    planned: Count
    coverage: Share


class GateResult(Entry, frozen=True, kw_only=True):
    """The decision. `reason` is one sentence; `reasons` holds it first, then all others."""

    decision: Decision
    reason: str
    reasons: list[str]
    exit_code: Count


class TargetResult(Entry, frozen=True, kw_only=True):
    """A documented number against what was measured.

    `bound` is the promise in symbols (`> 99.9 %`). Each end of `interval` is a bound at 95 %
    confidence of its own; an end is null where the sample cannot bound it. `sample` counts the
    trials, the samples or the values.
    """

    id: str
    statement: str
    section: str
    unit: str
    bound: str
    outcome: TargetOutcome
    value: float | None
    interval: tuple[float | None, float | None] | None
    sample: Count
    reason: str


class Spot(Entry, frozen=True, kw_only=True):
    """One place at which a finding was seen, and how it showed there."""

    place: Place
    statement: str
    seen: str
    exchanges: list[str]


class Finding(Entry, frozen=True, kw_only=True):
    """One cause for which a control failed, told as at the first of its places.

    `cause` is what the places have in common; empty where it is the place itself, and the only
    one. `exchanges` are ids in the journal.
    """

    fingerprint: str
    control: str
    place: Place
    statement: str
    expected: str
    seen: str
    confidence: Confidence
    exchanges: list[str]
    waived: bool
    cause: str = ""
    places: list[Spot] = []


class CheckResult(Entry, frozen=True, kw_only=True):
    """One check of a control in its last complete attempt; `seconds` is what that one took."""

    id: str
    verdict: Verdict
    reason: str
    seconds: float


class WitnessResult(Entry, frozen=True, kw_only=True):
    """What had to be true for a pass to mean anything, and whether it was."""

    check: str
    statement: str
    phase: str
    held: bool
    exchanges: list[str]


class ProofVariant(Entry, frozen=True, kw_only=True):
    """One defect or near-miss of a control. Without a cell the verdict is null and `ok` false."""

    name: str
    summary: str
    verdict: Verdict | None
    ok: bool
    disturbed: list[str]
    reason: str


class Proof(Entry, frozen=True, kw_only=True):
    """What shows that the control can fail.

    `proven`: the clean stack passed, every defect turned it red, every near-miss stayed green.
    `declared`: defects are named, but this journal holds no proof run. `gap`: something of the
    proof is missing or came out wrong (`gaps` says what). `none`: no defect is even declared.
    `clean` is the verdict on the stack without a defect.
    """

    state: ProofState
    clean: Verdict | None
    defects: list[ProofVariant]
    near_misses: list[ProofVariant]
    gaps: list[str]


class WaiverResult(Entry, frozen=True, kw_only=True):
    """A waiver and what became of it; `since` (empty without one) and `expires` are UTC dates."""

    control: str
    owner: str
    reason: str
    expires: str
    fingerprint: str
    state: WaiverState
    detail: str
    since: str = ""


class ControlResult(Entry, frozen=True, kw_only=True):
    """One planned control. `waiver` is set only where it covers the whole failure."""

    id: str
    title: str
    area: str
    severity: Severity
    verdict: Verdict
    reason: str
    findings: list[Finding]
    proof: Proof
    witnesses: list[WitnessResult]
    checks: list[CheckResult]
    waiver: WaiverResult | None
    mappings: dict[str, list[str]]
    rationale: str
    remediation: str
    references: list[str]
    seconds: float

    @property
    def weak(self) -> bool:
        """Whether it failed with nothing but weak findings: a suspicion rather than a failure."""
        return bool(self.findings) and all(f.confidence == Confidence.WEAK for f in self.findings)


class OutOfScope(Entry, frozen=True, kw_only=True):
    """A control that this run left out, and why. `title` is empty where it is not known."""

    control: str
    title: str
    reason: str


class BaselineResult(Entry, frozen=True, kw_only=True):
    """Findings against an earlier run's (`run`, `started`, `target`), by fingerprint.

    `not_retested` were found then and their control has no complete answer now. `worse` are
    those of the unchanged whose control is more severe than it was then.
    """

    run: str
    new: list[str]
    fixed: list[str]
    unchanged: list[str]
    not_retested: list[str]
    worse: list[str] = []
    started: str = ""
    target: str = ""


class HistoryPoint(Entry, frozen=True, kw_only=True):
    """An earlier run of the same profile; `score` is unwaived."""

    run: str
    started: str
    score: Points
    coverage: Share
    decision: str


class Results(Entry, frozen=True, kw_only=True):
    """One assessed run: `results.json`.

    `score` ignores waivers; both scores are rounded down to one decimal. `started` and `ended`
    are UTC in ISO 8601. `coverage` is the share of the planned, applicable weight that was
    decided. `profile` and the digests (SHA-256, in hex) say what was asked and of what:
    `target_digest` is that of the target's own description, empty where it has none. `selected`
    is what the caller narrowed the profile to. `history` are earlier runs, oldest first.
    `authorisation` is the profile's statement of who allows the audit, `held_back` why it went less
    far than the profile wants; `notes` say what of the target's document was not looked at, and
    `left_behind` what was made at the target and could not be removed.
    """

    schema: str
    run: str
    target: str
    provider: str
    profile: str
    seed: int
    started: str
    ended: str
    seconds: float
    outcome: RunOutcome
    score: Points
    score_with_waivers: Points
    coverage: Share
    arithmetic: Arithmetic
    areas: list[AreaResult]
    gate: GateResult
    targets: list[TargetResult]
    controls: list[ControlResult]
    out_of_scope: list[OutOfScope]
    waivers: list[WaiverResult]
    baseline: BaselineResult | None
    history: list[HistoryPoint] = []
    profile_name: str = ""
    profile_digest: str = ""
    selected: list[str] = []
    suites_digest: str
    target_digest: str = ""
    authorisation: Authorisation | None = None
    held_back: str = ""
    notes: list[str] = []
    left_behind: list[str] = []
    versions: dict[str, str]
    environment: dict[str, str]


def encode(results: Results) -> bytes:
    """The bytes of `results.json`: indented, in the struct's order, with a trailing newline."""
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def decode(data: bytes) -> Results:
    """Results from the bytes of a `results.json`. Errors: `msgspec.MsgspecError`."""
    return msgspec.json.decode(data, type=Results)
