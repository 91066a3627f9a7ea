"""The journal: one append-only JSON-lines file a run, flushed a record at a time.

Every output is a pure function of it. A record that was cut in the middle of its line (a killed
run, a full disk) ends the readable part; what stands before it is never lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from l7audit.errors import JournalError
from l7audit.model import (
    Confidence,
    Control,
    DocumentedTarget,
    Frozen,
    GatePolicy,
    Place,
    Verdict,
    Waiver,
)

FORMAT = 1
"""The journal's format; a reader refuses any other."""


class Record(Frozen, frozen=True, kw_only=True, tag_field="type"):
    """Any record: `seq` counts from 1 without gaps; `time` is UTC seconds since the epoch."""

    seq: int = 0
    time: float = 0.0


class Skipped(Frozen, frozen=True, kw_only=True):
    """A control that was left out, and why."""

    control: str
    reason: str


class RunStarted(Record, frozen=True, kw_only=True, tag="run"):
    """The plan: everything that an output needs and that no later record repeats."""

    format: int
    run: str
    seed: int
    target: str
    provider: str
    controls: list[Control]
    planned: list[str]
    out_of_scope: list[Skipped] = []
    checks: dict[str, list[str]] = {}
    documented: list[DocumentedTarget] = []
    gate: GatePolicy = GatePolicy()
    waivers: list[Waiver] = []
    profile: str = ""
    profile_digest: str = ""
    suites_digest: str = ""
    versions: dict[str, str] = {}
    environment: dict[str, str] = {}


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
    size: int = 0


class Exchange(Record, frozen=True, kw_only=True, tag="exchange"):
    """A request and what came back. Without a `status` there was no answer and `error` says why."""

    id: str
    check: str
    method: str
    url: str
    request: Message
    status: int | None = None
    response: Message = Message()
    milliseconds: float = 0.0
    identity: str = ""
    error: str = ""


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
    successes: int | None = None
    trials: int | None = None
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
    """What was seen that the control forbids. `fingerprint` is stable from run to run."""

    check: str
    control: str
    place: Place
    statement: str
    fingerprint: str
    exchanges: list[str] = []
    confidence: Confidence = Confidence.CONFIRMED
    expected: str = ""
    seen: str = ""


class Fault(Record, frozen=True, kw_only=True, tag="fault"):
    """A fault that was injected or healed on purpose."""

    check: str
    component: str
    action: str


class CheckEnded(Record, frozen=True, kw_only=True, tag="check_end"):
    """What one check says, with the reason of everything but a pass."""

    check: str
    control: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0


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
    seconds: float = 0.0


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
    | CheckEnded
    | ProofCell
    | RunEnded
)

R = TypeVar("R", bound=Record)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def encode(record: Record) -> bytes:
    """A record as one line of JSON without its newline."""
    return _encoder.encode(record)


def decode(line: bytes) -> AnyRecord:
    """A record from one line. Errors: `msgspec.DecodeError`, `msgspec.ValidationError`."""
    return _decoder.decode(line)


class Journal:
    """The writer: one process, one file; each record gets the next number and the time."""

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        """Opens `path` for appending. Errors: `JournalError` where it exists or can't be made."""
        self.path = path
        self._seq = 0
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | (0 if resume else os.O_EXCL)
        try:
            if resume:
                self._seq = self._repair(path)
            self._fd = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise JournalError(f"{path} exists already.", mend="Choose another --out.") from error
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror}.") from error

    @staticmethod
    def _repair(path: Path) -> int:
        """Drops a line that was cut in the middle, so that appending starts a fresh one."""
        records, whole = _scan(path)
        if whole < path.stat().st_size:
            os.truncate(path, whole)
        return len(records)

    def append(self, record: Record) -> AnyRecord:
        """Writes the record and returns it as written. Errors: `JournalError` (disk full)."""
        self._seq += 1
        stamped = msgspec.structs.replace(record, seq=self._seq, time=record.time or time.time())
        line = _encoder.encode(stamped) + b"\n"
        try:
            written = os.write(self._fd, line)
            if written != len(line):
                raise OSError(28, "No space left on device")
        except OSError as error:
            raise JournalError(
                f"The journal {self.path} cannot be written: {error.strerror}.",
                mend=f"Free some space, then go on with: l7audit run --resume {self.path.parent}",
            ) from error
        return stamped  # type: ignore[return-value]

    def close(self) -> None:
        """Hands the records to the disk and closes the file. Calling it again does nothing."""
        if self._fd >= 0:
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def read(path: Path) -> list[AnyRecord]:
    """All whole records of a journal.

    A last line that was cut is dropped (the run was killed there). Errors: `JournalError` where
    the file is no journal, has another format, or is damaged anywhere but at its end.
    """
    records, _ = _scan(path)
    if not records:
        raise JournalError(f"{path} holds no records.")
    first = records[0]
    if not isinstance(first, RunStarted):
        raise JournalError(f"{path} does not begin with a run record, so it is no journal.")
    if first.format != FORMAT:
        raise JournalError(
            f"{path} has format {first.format}; this version reads {FORMAT}.",
            mend="Render it with the version of l7audit that wrote it.",
        )
    return records


def _scan(path: Path) -> tuple[list[AnyRecord], int]:
    """The whole records of a file and how many bytes they take."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}.") from error
    records: list[AnyRecord] = []
    whole = 0
    for number, line in enumerate(lines, start=1):
        if number == len(lines):  # what follows the last newline: empty, or a cut line
            break
        try:
            record = decode(line)
        except msgspec.MsgspecError as error:
            raise JournalError(f"{path}, line {number}, is not a record: {error}.") from error
        if record.seq != len(records) + 1:
            raise JournalError(
                f"{path}, line {number}: record {record.seq} stands where "
                f"{len(records) + 1} should; records were dropped, added or reordered."
            )
        records.append(record)
        whole += len(line) + 1
    return records, whole


def of_type(records: Iterable[AnyRecord], kind: type[R]) -> Iterator[R]:
    """The records of one type, in order."""
    return (r for r in records if isinstance(r, kind))
