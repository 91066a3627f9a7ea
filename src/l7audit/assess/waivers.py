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
) -> list[WaiverResult]:
    """What becomes of each waiver, in the profile's order.

    `known` are the ids of all controls of the catalogue, planned or not; `today` is a UTC date,
    and a waiver still counts on the day on which it expires.
    """
    by_id = {c.control.id: c for c in controls}
    return [_judge(waiver, by_id.get(waiver.control), known, today) for waiver in waivers]


def _judge(
    waiver: Waiver, evidence: ControlEvidence | None, known: Collection[str], today: date
) -> WaiverResult:
    state, detail = _state(waiver, evidence, known, today)
    return WaiverResult(
        control=waiver.control,
        owner=waiver.owner,
        reason=waiver.reason,
        expires=waiver.expires,
        fingerprint=waiver.fingerprint,
        state=state,
        detail=detail,
    )


def _state(
    waiver: Waiver, evidence: ControlEvidence | None, known: Collection[str], today: date
) -> tuple[WaiverState, str]:
    if waiver.control not in known:
        return "invalid", f"No control is called {waiver.control}."
    try:
        last_day = date.fromisoformat(waiver.expires)
    except ValueError:
        return "invalid", f"{waiver.expires} is not a date."
    if not waiver.owner.strip() or not waiver.reason.strip():
        return "invalid", "A waiver needs an owner and a reason."
    if today > last_day:
        return "expired", f"It expired at the end of {waiver.expires} (UTC)."
    if evidence is None:
        return "unused", "The control is not part of this run."
    if evidence.verdict != Verdict.FAIL:
        return "unused", f"The control did not fail: {evidence.verdict.value.replace('_', ' ')}."
    if waiver.fingerprint and waiver.fingerprint not in _fingerprints(evidence):
        return "unused", "The control failed, but not with this finding."
    return "applied", ""


def cover(evidence: ControlEvidence, waivers: Iterable[WaiverResult]) -> Cover:
    """What the applied waivers cover of a control."""
    applied = [w for w in waivers if w.state == "applied" and w.control == evidence.control.id]
    if evidence.verdict != Verdict.FAIL or not applied:
        return Cover()
    of_all = next((w for w in applied if not w.fingerprint), None)
    present = _fingerprints(evidence)
    covered = present if of_all else present & {w.fingerprint for w in applied}
    complete = of_all is not None or (bool(present) and covered == present)
    if not complete or evidence.undecided:
        return Cover(fingerprints=covered)
    return Cover(fingerprints=covered, waiver=of_all or applied[0])


def _fingerprints(evidence: ControlEvidence) -> frozenset[str]:
    return frozenset(p.fingerprint for p in evidence.problems)
