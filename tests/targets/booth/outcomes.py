"""What a run came to, as tests ask for it."""

from __future__ import annotations

from l7audit import journal as journals
from l7audit.assess.results import Results
from l7audit.hookspecs import hookimpl
from l7audit.journal import (
    AnyRecord,
    CheckStarted,
)


class Listener:
    """Keeps the records that it is shown."""

    def __init__(self) -> None:
        self.seen: list[AnyRecord] = []

    @hookimpl
    def l7audit_observe_record(self, record: AnyRecord) -> None:
        self.seen.append(record)


def verdicts(results: Results) -> dict[str, str]:
    return {c.id: str(c.verdict) for c in results.controls}


def begun(records: list[AnyRecord]) -> list[str]:
    """The controls whose checks began, in order."""
    return [r.control for r in journals.of_type(records, CheckStarted)]
