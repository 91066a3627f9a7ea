"""What several formats say of a run alike: its order, its waivers, its names for other programs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from l7audit.assess.results import ControlResult, Finding, Results, WaiverResult
from l7audit.journal import AnyRecord, CheckEnded, Exchange, Violation
from l7audit.model import Severity, Verdict

UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.ERROR)
"""The verdicts that leave the question open."""

_NAMESPACE = uuid.UUID("7c8a6d1e-52f5-4a0b-9d7e-3f1b0c94a6d2")


def name_of(*parts: str) -> str:
    """A UUID that is the same whenever it is asked for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))


def failed(results: Results) -> list[ControlResult]:
    """Failed controls: what is not waived first, the gravest first."""
    rank = list(Severity)
    found = [c for c in results.controls if c.verdict == Verdict.FAIL]
    return sorted(found, key=lambda c: (c.waiver is not None, rank.index(c.severity), c.id))


def waiver_of(results: Results, finding: Finding) -> WaiverResult | None:
    """The waiver that covers a finding, the one that names it before one of the whole control."""
    applied = [w for w in results.waivers if w.state == "applied" and w.control == finding.control]
    applied.sort(key=lambda w: w.fingerprint == "")
    covering = (w for w in applied if w.fingerprint in ("", finding.fingerprint))
    return next(covering, None) if finding.waived else None


def spoken(waiver: WaiverResult) -> str:
    """A waiver in one sentence."""
    return f"Waived by {waiver.owner} until {waiver.expires} (UTC): {waiver.reason}"


@dataclass(frozen=True, slots=True)
class Shot:
    """What was sent where and how it was answered; no status where it was not."""

    method: str
    url: str
    identity: str
    status: int | None
    time: float


@dataclass(slots=True)
class Evidence:
    """What the formats take from the journal; small, however long that is.

    `shots` is the first exchange of a finding by its id, `checks` the check that saw a finding by
    control and fingerprint, `ended` when a control's last check ended (seconds since the epoch).
    """

    shots: dict[str, Shot] = field(default_factory=dict)
    checks: dict[tuple[str, str], str] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def shot(self, finding: Finding) -> Shot | None:
        """The finding's first exchange, where the journal has it."""
        return self.shots.get(finding.exchanges[0]) if finding.exchanges else None


def evidence(results: Results, records: Iterable[AnyRecord]) -> Evidence:
    """Reads the journal once, and keeps only what findings point at."""
    wanted = {f.exchanges[0] for c in results.controls for f in c.findings if f.exchanges}
    seen = Evidence()
    for record in records:
        match record:
            case Exchange() if record.id in wanted:
                seen.shots[record.id] = Shot(
                    record.method, record.url, record.identity, record.status, record.time
                )
            case Violation():
                seen.checks[record.control, record.fingerprint] = record.check
            case CheckEnded():
                seen.ended[record.control] = record.time
    return seen


def moment(seconds: float) -> str:
    """Seconds since the epoch in ISO 8601 (UTC), to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
