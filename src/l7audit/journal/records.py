"""The types of record, and how one becomes a line of JSON and is read back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeVar

import msgspec

from l7audit.model import (
    Authorisation,
    Confidence,
    Control,
    DocumentedTarget,
    Frozen,
    GatePolicy,
    Place,
    Severity,
    Verdict,
    Waiver,
)

FORMAT = 2
"""The journal's format; a reader refuses any other."""

# What no writer of ours ever goes beyond, so that no reader has to reckon with it.
Moment = Annotated[float, msgspec.Meta(ge=0, lt=253_370_764_800)]  # until the year 9999
Seconds = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]  # a clock may be set back
Milliseconds = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
Count = Annotated[int, msgspec.Meta(ge=-(10**12), le=10**12)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Record(Frozen, frozen=True, kw_only=True, tag_field="type"):
    """Any record: `seq` counts from 1 without gaps; `time` is UTC seconds since the epoch.

    `prev` is the digest of the line before (see `digest`), so that no record can be changed,
    dropped, added or moved without breaking the chain; the first record has none.
    """

    seq: int = 0
    time: Moment = 0.0
    prev: str = ""


class Skipped(Frozen, frozen=True, kw_only=True):
    """A control that was left out, and why."""

    control: str
    reason: str


class PastRun(Frozen, frozen=True, kw_only=True):
    """An earlier run of the same profile, as the history keeps it; `started` is like `time`."""

    run: str
    started: Moment
    score: Annotated[float, msgspec.Meta(ge=0, le=100)]
    coverage: Annotated[float, msgspec.Meta(ge=0, le=1)]
    decision: str


class KnownFinding(Frozen, frozen=True, kw_only=True):
    """A finding of the run that this one is compared with, and how much it hurt then."""

    fingerprint: str
    control: str
    place: Place
    statement: str
    severity: Severity = Severity.LOW


class Baseline(Frozen, frozen=True, kw_only=True):
    """The earlier run that this one is compared with, as far as the comparison needs it."""

    run: str
    started: str
    target: str = ""
    findings: list[KnownFinding] = []


class RunStarted(Record, frozen=True, kw_only=True, tag="run"):
    """The plan: everything that an output needs and that no later record repeats.

    `history` are earlier runs, oldest first. `profile` is where the profile came from, and
    `selected` what the caller narrowed it to: areas and controls. `authorisation` is the profile's
    statement, and `held_back` why the run goes less far than the profile wants.
    """

    format: int
    run: str
    seed: Seed
    target: str
    provider: str
    controls: list[Control]
    planned: list[str]
    out_of_scope: list[Skipped] = []
    checks: dict[str, list[str]] = {}
    documented: list[DocumentedTarget] = []
    gate: GatePolicy = GatePolicy()
    waivers: list[Waiver] = []
    baseline: Baseline | None = None
    history: list[PastRun] = []
    profile: str = ""
    profile_name: str = ""
    profile_digest: str = ""
    selected: list[str] = []
    suites_digest: str = ""
    versions: dict[str, str] = {}
    environment: dict[str, str] = {}
    authorisation: Authorisation | None = None
    held_back: str = ""


class RunResumed(Record, frozen=True, kw_only=True, tag="resume"):
    """The run goes on; checks without a `check_end` before this record start again."""


class StackEvent(Record, frozen=True, kw_only=True, tag="stack"):
    """Something that happened to the target's parts: `component`, `event`, free detail."""

    component: str
    event: str
    detail: dict[str, Any] = {}


class CheckStarted(Record, frozen=True, kw_only=True, tag="check"):
    """A check begins; `check` is its id, `file::function` within its suite."""

    check: str
    control: str


class Message(Frozen, frozen=True, kw_only=True):
    """One HTTP message, redacted. A body is text, cut at a limit; `size` is its length in bytes."""

    headers: list[tuple[str, str]] = []
    body: str = ""
    size: Count = 0


class Exchange(Record, frozen=True, kw_only=True, tag="exchange"):
    """A request and what came back. Without a `status` there was no answer and `error` says why.

    `raw`: the request's body holds all that was put on a connection of its own, byte for byte in
    Latin-1; method and URL are what its first line shows.
    """

    id: str
    check: str
    method: str
    url: str
    request: Message
    status: Count | None = None
    response: Message = Message()
    milliseconds: Milliseconds = 0.0
    identity: str = ""
    error: str = ""
    raw: bool = False


class Witness(Record, frozen=True, kw_only=True, tag="witness"):
    """A positive control: what had to be true for the check's pass to mean anything."""

    check: str
    control: str
    statement: str
    held: bool
    phase: str = "opening"
    exchanges: list[str] = []


class Measurement(Record, frozen=True, kw_only=True, tag="measurement"):
    """A number. A rate gives `successes` of `trials`; a distribution gives its `samples`."""

    check: str
    control: str
    name: str
    unit: str
    value: float | None = None
    successes: Count | None = None
    trials: Count | None = None
    samples: list[float] = []
    documented: str = ""


class Observation(Record, frozen=True, kw_only=True, tag="observation"):
    """A fact worth keeping that is neither a violation nor a number."""

    check: str
    control: str
    statement: str
    exchanges: list[str] = []
    data: dict[str, Any] = {}


class Violation(Record, frozen=True, kw_only=True, tag="violation"):
    """What was seen that the control forbids. `fingerprint` is stable from run to run.

    Violations of one fingerprint are one finding. `cause` is what they have in common where that
    is not the place: then they may lie at many.
    """

    check: str
    control: str
    place: Place
    statement: str
    fingerprint: str
    exchanges: list[str] = []
    confidence: Confidence = Confidence.CONFIRMED
    expected: str = ""
    seen: str = ""
    cause: str = ""


class Fault(Record, frozen=True, kw_only=True, tag="fault"):
    """A fault that was injected or healed on purpose."""

    check: str
    component: str
    action: str


class Timeline(Record, frozen=True, kw_only=True, tag="timeline"):
    """What became of clients' requests over a while, in steps of `step` seconds from `began`, which
    is a moment as `time` is. `slowest` is the longest that one took of those that ended in a step.
    """

    check: str
    control: str
    name: str
    began: float
    step: Seconds
    served: list[Count]
    failed: list[Count]
    slowest: list[Seconds]


class CheckEnded(Record, frozen=True, kw_only=True, tag="check_end"):
    """What one check says, with the reason of everything but a pass, and where it looked."""

    check: str
    control: str
    verdict: Verdict
    reason: str = ""
    seconds: Seconds = 0.0
    looked_at: list[Place] = []


class ProofCell(Record, frozen=True, kw_only=True, tag="proof"):
    """One cell of the proof matrix.

    `variant` is `clean` or a defect's name; `kind` is `clean`, `defect` or `near_miss`. A cell is
    `ok` when the control did what it should and no unrelated control (`disturbed`) turned red.
    """

    control: str
    variant: str
    kind: str
    summary: str = ""
    expected: Verdict
    verdict: Verdict
    ok: bool
    disturbed: list[str] = []
    observed: list[str] = []
    reason: str = ""
    suites_digest: str = ""


class RunEnded(Record, frozen=True, kw_only=True, tag="run_end"):
    """The run is over: `outcome` is `completed`, `interrupted` or `broken`."""

    outcome: str
    reason: str = ""
    seconds: Seconds = 0.0


AnyRecord = (
    RunStarted
    | RunResumed
    | StackEvent
    | CheckStarted
    | Exchange
    | Witness
    | Measurement
    | Observation
    | Violation
    | Fault
    | Timeline
    | CheckEnded
    | ProofCell
    | RunEnded
)

Aside = Observation | Fault | Timeline
"""What a reader is told beside, and no verdict rests on."""

R = TypeVar("R", bound=Record)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def encode(record: Record) -> bytes:
    """A record as one line of JSON without its newline."""
    return _encoder.encode(record)


def decode(line: bytes) -> AnyRecord:
    """A record from one line. Errors: `msgspec.DecodeError`, `msgspec.ValidationError`."""
    return _decoder.decode(line)


def digest(line: bytes) -> str:
    """What the record after this line (without its newline) keeps of it: SHA-256, in hex."""
    return hashlib.sha256(line).hexdigest()


def of_type(records: Iterable[AnyRecord], kind: type[R]) -> Iterator[R]:
    """The records of one type, in order."""
    return (r for r in records if isinstance(r, kind))
