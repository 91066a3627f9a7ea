"""The journal: one append-only JSON-lines file a run, flushed a record at a time.

Every output is a pure function of it. A record that was cut in the middle of its line (a killed
run, a full disk) ends the readable part; what stands before it is never lost. Each record keeps
the digest of the one before, so that what was changed later shows.
"""

from l7audit.journal.reading import Records, read
from l7audit.journal.records import (
    FORMAT,
    AnyRecord,
    Aside,
    Baseline,
    CheckEnded,
    CheckStarted,
    Exchange,
    Fault,
    KnownFinding,
    Measurement,
    Message,
    Observation,
    PastRun,
    ProofCell,
    R,
    Record,
    RunEnded,
    RunResumed,
    RunStarted,
    Skipped,
    StackEvent,
    Timeline,
    Violation,
    Witness,
    decode,
    digest,
    encode,
    of_type,
)
from l7audit.journal.writing import Journal

__all__ = [
    "FORMAT",
    "AnyRecord",
    "Aside",
    "Baseline",
    "CheckEnded",
    "CheckStarted",
    "Exchange",
    "Fault",
    "Journal",
    "KnownFinding",
    "Measurement",
    "Message",
    "Observation",
    "PastRun",
    "ProofCell",
    "R",
    "Record",
    "Records",
    "RunEnded",
    "RunResumed",
    "RunStarted",
    "Skipped",
    "StackEvent",
    "Timeline",
    "Violation",
    "Witness",
    "decode",
    "digest",
    "encode",
    "of_type",
    "read",
]
