"""From records to verdicts: what each check and each control says.

A check that was run more than once (a resumed run) counts with its last complete attempt. A
planned check without one is inconclusive, and so is a pass whose witness is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from l7audit.errors import DamagedJournalError, ForeignJournalError
from l7audit.journal import (
    AnyRecord,
    CheckEnded,
    CheckStarted,
    Measurement,
    RunStarted,
    Violation,
    Witness,
)
from l7audit.model import Confidence, Control, Place, Verdict

DECIDED = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE})
"""The verdicts that answer the question; the others leave it open."""


@dataclass(slots=True)
class Attempt:
    """What one attempt at a check left in the journal."""

    ends: list[CheckEnded] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckEvidence:
    """A check with its verdict. `unwitnessed`: it said pass, but nothing shows that it could.

    `violations` are those of a failed check only.
    """

    id: str
    verdict: Verdict
    reason: str
    seconds: float
    witnesses: tuple[Witness, ...] = ()
    violations: tuple[Violation, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    unwitnessed: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """One place at which a problem was seen, and how it showed there."""

    place: Place
    statement: str
    seen: str
    exchanges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Violations with one fingerprint, and so of one cause, seen once or often.

    It is told as at the first of its `spots`, which are in order and never none.
    """

    fingerprint: str
    place: Place
    statement: str
    expected: str
    seen: str
    confidence: Confidence
    exchanges: tuple[str, ...]
    cause: str = ""
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlEvidence:
    """A planned control with its verdict, its checks and, where it failed, its problems."""

    control: Control
    verdict: Verdict
    reason: str
    checks: tuple[CheckEvidence, ...]
    problems: tuple[Problem, ...]

    @property
    def undecided(self) -> tuple[CheckEvidence, ...]:
        """The checks that gave no answer."""
        return tuple(c for c in self.checks if c.verdict not in DECIDED)

    @property
    def fingerprints(self) -> frozenset[str]:
        """What names its problems across runs."""
        return frozenset(p.fingerprint for p in self.problems)

    def below(self, confidence: Confidence) -> frozenset[str]:
        """The fingerprints of its problems that are less sure than that."""
        rank = list(Confidence)
        return frozenset(
            p.fingerprint
            for p in self.problems
            if rank.index(p.confidence) > rank.index(confidence)
        )

    def is_only(self, fingerprints: Collection[str]) -> bool:
        """Whether it failed with these findings and nothing else is wrong or open with it.

        A check that failed without saying where is something else.
        """
        return (
            self.verdict == Verdict.FAIL
            and not self.undecided
            and all(c.violations for c in self.checks if c.verdict == Verdict.FAIL)
            and self.fingerprints <= set(fingerprints)
        )


def plan_of(records: Sequence[AnyRecord]) -> RunStarted:
    """The run's plan. Errors: `JournalError` without one, or where it contradicts itself."""
    plan = next((r for r in records if isinstance(r, RunStarted)), None)
    if plan is None:
        raise ForeignJournalError("The journal holds no run record, so there is nothing to assess.")
    known = {c.id for c in plan.controls}
    unknown = sorted(set(plan.planned) - known)
    if unknown:
        raise DamagedJournalError(
            f"The journal plans {', '.join(unknown)} without saying what it is."
        )
    return plan


def control_evidence(
    records: Sequence[AnyRecord], shown: Collection[str] | None = None
) -> list[ControlEvidence]:
    """All planned controls by id, each with what the records say of it.

    `shown` are the checks that sent or observed something: the others show nothing by which they
    could not apply. None takes each at its word.
    """
    plan = plan_of(records)
    controls = {c.id: c for c in plan.controls}
    attempts = last_attempts(records)
    checks = _checks_by_control(plan, records)
    return [
        _control(controls[name], [_check(c, attempts.get(c), shown) for c in sorted(checks[name])])
        for name in sorted(set(plan.planned))
    ]


def _checks_by_control(plan: RunStarted, records: Iterable[AnyRecord]) -> Mapping[str, set[str]]:
    """The planned checks of each control, and any that ran without being planned."""
    checks: dict[str, set[str]] = defaultdict(set)
    for control, ids in plan.checks.items():
        checks[control].update(ids)
    for record in records:
        if isinstance(record, CheckStarted | CheckEnded):
            checks[record.control].add(record.check)
    return checks


def last_attempts(records: Iterable[AnyRecord]) -> dict[str, Attempt]:
    """For each check its last complete attempt, or its last one if none was completed.

    A record that comes after its check's end belongs to the attempt that ended, so that a
    witness which fails late is not lost.
    """
    complete: dict[str, Attempt] = {}
    current: dict[str, Attempt] = {}
    for record in records:
        if isinstance(record, CheckStarted):
            current[record.check] = Attempt()
            continue
        if not isinstance(record, CheckEnded | Witness | Violation | Measurement):
            continue
        attempt = current.setdefault(record.check, Attempt())
        if isinstance(record, CheckEnded):
            attempt.ends.append(record)
            complete[record.check] = attempt
        elif isinstance(record, Witness):
            attempt.witnesses.append(record)
        elif isinstance(record, Violation):
            attempt.violations.append(record)
        else:
            attempt.measurements.append(record)
    return current | complete


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a control from those of its checks; of none it is inconclusive."""
    found = set(verdicts)
    for verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE):
        if verdict in found:
            return verdict
    if not found:
        return Verdict.INCONCLUSIVE
    return Verdict.NOT_APPLICABLE if found == {Verdict.NOT_APPLICABLE} else Verdict.PASS


def _check(name: str, attempt: Attempt | None, shown: Collection[str] | None) -> CheckEvidence:
    if attempt is None:
        return CheckEvidence(name, Verdict.INCONCLUSIVE, "It was planned, but did not run.", 0.0)
    if not attempt.ends:
        return CheckEvidence(
            name,
            Verdict.INCONCLUSIVE,
            "It began, but did not end.",
            0.0,
            witnesses=tuple(attempt.witnesses),
            measurements=tuple(attempt.measurements),
        )
    verdict = combine(end.verdict for end in attempt.ends)
    deciding = next(end for end in attempt.ends if end.verdict == verdict)
    empty = shown is not None and name not in shown and not attempt.witnesses
    verdict, reason, unwitnessed = _supported(verdict, deciding.reason, attempt, empty)
    return CheckEvidence(
        name,
        verdict,
        reason,
        sum(end.seconds for end in attempt.ends),
        witnesses=tuple(attempt.witnesses),
        violations=tuple(attempt.violations) if verdict == Verdict.FAIL else (),
        measurements=tuple(attempt.measurements),
        unwitnessed=unwitnessed,
    )


def _supported(
    verdict: Verdict, reason: str, attempt: Attempt, empty: bool
) -> tuple[Verdict, str, bool]:
    """What the attempt's own records leave of a verdict, and whether its witness is missing."""
    if verdict == Verdict.PASS and attempt.violations:
        return Verdict.FAIL, "It ended as a pass, but saw a violation.", False
    if verdict == Verdict.PASS:
        lost = [w.statement for w in attempt.witnesses if not w.held]
        if lost:
            return Verdict.INCONCLUSIVE, f"A witness did not hold: {lost[0]}", True
        if not attempt.witnesses:
            return Verdict.INCONCLUSIVE, "No witness shows that it could have failed.", True
    if verdict == Verdict.NOT_APPLICABLE and not reason.strip():
        return Verdict.INCONCLUSIVE, "It was said not to apply, without a reason.", False
    if verdict == Verdict.NOT_APPLICABLE and empty:
        return Verdict.INCONCLUSIVE, "It was said not to apply, without any evidence.", False
    if verdict == Verdict.FAIL and not attempt.violations and not reason:
        return verdict, "It failed without saying where.", False
    return verdict, reason, False


def _control(control: Control, checks: list[CheckEvidence]) -> ControlEvidence:
    verdict = combine(c.verdict for c in checks)
    problems = _problems(checks) if verdict == Verdict.FAIL else ()
    return ControlEvidence(
        control=control,
        verdict=verdict,
        reason=_reason(verdict, checks, problems),
        checks=tuple(checks),
        problems=problems,
    )


def _reason(verdict: Verdict, checks: Sequence[CheckEvidence], problems: Sequence[Problem]) -> str:
    """One sentence why the verdict is not a pass; nothing for a pass."""
    if verdict == Verdict.PASS:
        return ""
    if not checks:
        return "No check of it was planned or ran."
    if problems:
        count = sum(len(p.spots) for p in problems) - 1
        more = f" (and {count} more)" if count else ""
        return f"{problems[0].place}: {problems[0].statement}{more}"
    deciding = [c for c in checks if c.verdict == verdict]
    more = f" (and {len(deciding) - 1} more checks)" if len(deciding) > 2 else ""
    more = " (and 1 more check)" if len(deciding) == 2 else more
    return (deciding[0].reason or f"{deciding[0].id} gave no reason.") + more


def _problems(checks: Iterable[CheckEvidence]) -> tuple[Problem, ...]:
    """The violations by fingerprint, their exchanges joined, ordered by place."""
    grouped: dict[str, list[Violation]] = defaultdict(list)
    for check in checks:
        for violation in check.violations:
            grouped[violation.fingerprint].append(violation)
    problems = [_problem(fingerprint, seen) for fingerprint, seen in grouped.items()]
    return tuple(sorted(problems, key=lambda p: (p.place.operation, p.place.part, p.fingerprint)))


def _problem(fingerprint: str, seen: Sequence[Violation]) -> Problem:
    """One cause out of its violations: as sure as the surest of them, at all their places."""
    rank = list(Confidence)
    spots: dict[Place, list[Violation]] = defaultdict(list)
    for violation in sorted(seen, key=lambda v: (v.place.operation, v.place.part)):
        spots[violation.place].append(violation)
    lead = next(iter(spots.values()))[0]
    return Problem(
        fingerprint=fingerprint,
        place=lead.place,
        statement=lead.statement,
        expected=lead.expected,
        seen=lead.seen,
        confidence=min((v.confidence for v in seen), key=rank.index),
        exchanges=_exchanges(v for there in spots.values() for v in there),
        cause=lead.cause,
        spots=tuple(
            Spot(place, there[0].statement, there[0].seen, _exchanges(there))
            for place, there in spots.items()
        ),
    )


def _exchanges(violations: Iterable[Violation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(e for v in violations for e in v.exchanges))
