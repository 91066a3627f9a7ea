"""Accepted failures: which waivers count on a day, and what they cover.

A waiver never changes a verdict or the unwaived score, and it never covers a missing answer:
a control with a check that is undecided is not waived, whatever its other checks say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from l7audit.assess.results import WaiverResult, WaiverState
from l7audit.assess.verdicts import ControlEvidence
from l7audit.model import Verdict, Waiver


@dataclass(frozen=True, slots=True)
class Cover:
    """What the waivers cover of one control: these fingerprints, and whether that is all."""

    fingerprints: frozenset[str] = frozenset()
    waiver: WaiverResult | None = None

    @property
    def whole(self) -> bool:
        return self.waiver is not None


def judge(
    waivers: Iterable[Waiver],
    controls: Sequence[ControlEvidence],
    known: Collection[str],
    today: date,
    maximum_days: int | None = None,
) -> list[WaiverResult]:
    """What becomes of each waiver, in the profile's order.

    `known` are the ids of all controls of the catalogue, planned or not; `today` is a UTC date,
    and a waiver still counts on the day on which it expires.
    """
    by_id = {c.control.id: c for c in controls}
    return [_judge(w, by_id.get(w.control), known, today, maximum_days) for w in waivers]


def _judge(
    waiver: Waiver,
    evidence: ControlEvidence | None,
    known: Collection[str],
    today: date,
    maximum_days: int | None,
) -> WaiverResult:
    state: WaiverState = "applied"
    if detail := invalid(waiver, known, today, maximum_days):
        state = "invalid"
    elif today > date.fromisoformat(waiver.expires):
        state, detail = "expired", f"It expired at the end of {waiver.expires} (UTC)."
    elif detail := _unused(waiver, evidence, today):
        state = "unused"
    return WaiverResult(
        control=waiver.control,
        owner=waiver.owner,
        reason=waiver.reason,
        expires=waiver.expires,
        fingerprint=waiver.fingerprint,
        state=state,
        detail=detail,
        since=waiver.since or "",
    )


def invalid(
    waiver: Waiver, known: Collection[str], today: date, maximum_days: int | None = None
) -> str:
    """What makes a waiver invalid, whatever a run finds; nothing where it is sound.

    `maximum_days` is the longest that it may live: from `since`, else from `today`, to its last
    day.
    """
    if waiver.control not in known:
        return f"No control is called {waiver.control}."
    for written in (waiver.since, waiver.expires):
        if written is not None and _day(written) is None:
            return f"{written} is not a date."
    if not waiver.owner.strip() or not waiver.reason.strip():
        return "A waiver needs an owner and a reason."
    last = date.fromisoformat(waiver.expires)
    first = date.fromisoformat(waiver.since) if waiver.since else today
    if waiver.since and first > last:
        return f"It begins on {waiver.since}, after it expired."
    days = (last - first).days
    if maximum_days is not None and days > maximum_days:
        begun = f"from {waiver.since}" if waiver.since else "from this day"
        return f"It holds {days} days {begun}; the profile allows {maximum_days}."
    return ""


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _unused(waiver: Waiver, evidence: ControlEvidence | None, today: date) -> str:
    """Why a sound waiver covers nothing of this run; nothing where it does."""
    if waiver.since and today < date.fromisoformat(waiver.since):
        return f"It begins on {waiver.since} (UTC)."
    if evidence is None:
        return "The control is not part of this run."
    if evidence.verdict != Verdict.FAIL:
        return f"The control did not fail: {evidence.verdict.value.replace('_', ' ')}."
    if waiver.fingerprint and waiver.fingerprint not in evidence.fingerprints:
        return "The control failed, but not with this finding."
    return ""


def cover(evidence: ControlEvidence, waivers: Iterable[WaiverResult]) -> Cover:
    """What the applied waivers cover of a control."""
    applied = [w for w in waivers if w.state == "applied" and w.control == evidence.control.id]
    if evidence.verdict != Verdict.FAIL or not applied:
        return Cover()
    of_all = next((w for w in applied if not w.fingerprint), None)
    if of_all is not None:
        whole = not evidence.undecided
        return Cover(evidence.fingerprints, of_all if whole else None)
    covered = evidence.fingerprints & {w.fingerprint for w in applied}
    return Cover(covered, applied[0] if evidence.is_only(covered) else None)
