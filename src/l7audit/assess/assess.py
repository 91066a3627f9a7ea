"""The assessment of a run: all of `results.json` from the journal's records and a day.

plan + evidence -> verdicts -> waivers -> score -> targets -> gate
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from l7audit.assess import acceptance, scoring
from l7audit.assess import baseline as baselines
from l7audit.assess import gate as gates
from l7audit.assess import proof as proofs
from l7audit.assess import waivers as waiving
from l7audit.assess.promises import judge_targets
from l7audit.assess.results import (
    SCHEMA,
    CheckResult,
    ControlResult,
    Finding,
    HistoryPoint,
    OutOfScope,
    Proof,
    Results,
    RunOutcome,
    Spot,
    WitnessResult,
)
from l7audit.assess.verdicts import ControlEvidence, control_evidence, plan_of
from l7audit.assess.waivers import Cover
from l7audit.journal import (
    AnyRecord,
    Exchange,
    Fault,
    Observation,
    ProofCell,
    RunEnded,
    RunResumed,
    RunStarted,
    StackEvent,
    Timeline,
    of_type,
)
from l7audit.model import Verdict

DESCRIBED = "described"
NOTED = "noted"
LEFT_BEHIND = "left behind"
"""The event of a target whose document was read; its detail holds the document's digest."""

_ENDINGS: dict[str, RunOutcome] = {
    "completed": "completed",
    "interrupted": "interrupted",
    "broken": "broken",
}


def day_of(plan: RunStarted) -> date:
    """The UTC day on which the run began: what keeps a report rendered later the same."""
    return datetime.fromtimestamp(plan.time, UTC).date()


def assess(records: Iterable[AnyRecord], today: date) -> Results:
    """Assesses a run. Pure, and the same for any order of the records that keeps their numbers.

    `today` is the UTC day on which the waivers must hold. The records are gone through once, and
    the many that no verdict rests on are not kept.
    Errors: `JournalError` where the records hold no plan or contradict it.
    """
    shown: set[str] = set()
    ordered = sorted(_kept(records, shown), key=lambda r: r.seq)
    plan = plan_of(ordered)
    described = any(e.event == DESCRIBED for e in of_type(ordered, StackEvent))
    evidence = control_evidence(ordered, None if described else shown)
    known = {c.id for c in plan.controls} | {s.control for s in plan.out_of_scope}
    waivers = waiving.judge(plan.waivers, evidence, known, today, plan.gate.maximum_waiver_days)
    covers = {e.control.id: waiving.cover(e, waivers) for e in evidence}
    waived = {name for name, cover in covers.items() if cover.whole}
    score = scoring.score(_decided(evidence, waived))
    matrix = proofs.cells_of(of_type(ordered, ProofCell), plan.suites_digest)
    controls = [
        _control(e, covers[e.control.id], proofs.proof(e.control, matrix)) for e in evidence
    ]
    targets = judge_targets(
        plan.documented,
        [check for e in evidence for check in e.checks],
        score,
        sum(e.verdict in (Verdict.PASS, Verdict.FAIL) for e in evidence),
    )
    baseline = baselines.compare(controls, plan.baseline) if plan.baseline else None
    accepted = acceptance.accepted(plan.gate, plan, evidence, covers, baseline)
    counted = _decided(evidence, accepted.controls)
    outcome, why = _ending(ordered)
    ended = _ended(ordered)
    return Results(
        schema=SCHEMA,
        run=plan.run,
        target=plan.target,
        provider=plan.provider,
        profile=plan.profile,
        seed=plan.seed,
        started=_moment(plan.time),
        ended=_moment(ended),
        seconds=_seconds(ordered, plan, ended),
        outcome=outcome,
        score=score.unwaived,
        score_with_waivers=score.with_waivers,
        coverage=score.coverage,
        arithmetic=score.arithmetic,
        areas=scoring.areas(_decided(evidence, waived)),
        gate=gates.decide(
            plan.gate,
            gates.Facts(
                outcome=outcome,
                controls=controls,
                targets=targets,
                waivers=waivers,
                score=scoring.score(counted).with_waivers,
                coverage=score.coverage,
                accepted=accepted,
                areas=scoring.area_scores(counted),
                baseline=baseline,
                unwitnessed=_unwitnessed(evidence),
                left_out=len(plan.out_of_scope),
                why_ended=why,
            ),
        ),
        targets=targets,
        controls=controls,
        out_of_scope=_out_of_scope(plan),
        waivers=waivers,
        baseline=baseline,
        history=[
            HistoryPoint(
                run=past.run,
                started=_moment(past.started),
                score=past.score,
                coverage=past.coverage,
                decision=past.decision,
            )
            for past in plan.history
        ],
        profile_name=plan.profile_name,
        profile_digest=plan.profile_digest,
        selected=list(plan.selected),
        suites_digest=plan.suites_digest,
        target_digest=_target_digest(ordered),
        authorisation=plan.authorisation,
        held_back=plan.held_back,
        notes=_told(ordered, NOTED),
        left_behind=_left_behind(ordered),
        versions=dict(sorted(plan.versions.items())),
        environment=dict(sorted(plan.environment.items())),
    )


def _kept(records: Iterable[AnyRecord], shown: set[str]) -> Iterator[AnyRecord]:
    """The records that verdicts rest on; of the many others only whose they are, into `shown`."""
    for record in records:
        if isinstance(record, Exchange | Observation):
            shown.add(record.check)
        elif not isinstance(record, Fault | Timeline):
            yield record


def _decided(
    evidence: Iterable[ControlEvidence], left_out: Collection[str]
) -> list[scoring.Decided]:
    """The controls as the score takes them; those that are `left_out` count as waived."""
    return [
        scoring.Decided(
            id=e.control.id,
            severity=e.control.severity,
            verdict=e.verdict,
            waived=e.control.id in left_out,
        )
        for e in evidence
    ]


def _control(evidence: ControlEvidence, cover: Cover, proof: Proof) -> ControlResult:
    control = evidence.control
    return ControlResult(
        id=control.id,
        title=control.title,
        area=control.area,
        severity=control.severity,
        verdict=evidence.verdict,
        reason=evidence.reason,
        findings=[
            Finding(
                fingerprint=p.fingerprint,
                control=control.id,
                place=p.place,
                statement=p.statement,
                expected=p.expected,
                seen=p.seen,
                confidence=p.confidence,
                exchanges=list(p.exchanges),
                waived=p.fingerprint in cover.fingerprints,
                cause=p.cause,
                places=[
                    Spot(
                        place=s.place,
                        statement=s.statement,
                        seen=s.seen,
                        exchanges=list(s.exchanges),
                    )
                    for s in p.spots
                ],
            )
            for p in evidence.problems
        ],
        proof=proof,
        witnesses=[
            WitnessResult(
                check=check.id,
                statement=w.statement,
                phase=w.phase,
                held=w.held,
                exchanges=w.exchanges,
            )
            for check in evidence.checks
            for w in check.witnesses
        ],
        checks=[
            CheckResult(id=c.id, verdict=c.verdict, reason=c.reason, seconds=round(c.seconds, 3))
            for c in evidence.checks
        ],
        waiver=cover.waiver,
        mappings=control.mappings,
        rationale=control.rationale,
        remediation=control.remediation,
        references=control.references,
        seconds=round(sum(c.seconds for c in evidence.checks), 3),
    )


def _unwitnessed(evidence: Iterable[ControlEvidence]) -> list[str]:
    return [e.control.id for e in evidence if any(c.unwitnessed for c in e.checks)]


def _out_of_scope(plan: RunStarted) -> list[OutOfScope]:
    titles = {c.id: c.title for c in plan.controls}
    return [
        OutOfScope(control=s.control, title=titles.get(s.control, ""), reason=s.reason)
        for s in sorted(plan.out_of_scope, key=lambda s: (s.control, s.reason))
    ]


def _target_digest(records: Iterable[AnyRecord]) -> str:
    """The digest of the document that the target was audited by, or nothing without one."""
    described = [e for e in of_type(records, StackEvent) if e.event == DESCRIBED]
    return str(described[-1].detail.get("digest", "")) if described else ""


def _told(records: Iterable[AnyRecord], event: str) -> list[str]:
    """What such events of the target say, each once, in order."""
    found = (e for e in of_type(records, StackEvent) if e.event == event)
    return list(dict.fromkeys(str(e.detail.get("what", "")) for e in found))


def _left_behind(records: Iterable[AnyRecord]) -> list[str]:
    """What was made at the target and could not be removed: how many, by the operation; and what
    was changed there and could not be put back."""
    left: Counter[str] = Counter()
    changed: dict[str, set[str]] = {}
    for event in of_type(records, StackEvent):
        if event.event != LEFT_BEHIND:
            continue
        place, names = str(event.detail.get("what", "")), event.detail.get("changed")
        if isinstance(names, list):
            changed.setdefault(place, set()).update(map(str, names))
            continue
        count = event.detail.get("count", 1)
        left[place] += count if isinstance(count, int) else 1
    return [
        *(f"{place}: {count} made and not removed" for place, count in sorted(left.items())),
        *(
            f"{place}: {', '.join(sorted(names))} changed and not put back"
            for place, names in sorted(changed.items())
        ),
    ]


def _ending(records: Iterable[AnyRecord]) -> tuple[RunOutcome, str]:
    """How the run ended, and why; a run that was resumed and not ended again is incomplete."""
    last: RunEnded | None = None
    for record in records:
        if isinstance(record, RunEnded):
            last = record
        elif isinstance(record, RunResumed):
            last = None
    if last is None:
        return "incomplete", ""
    return _ENDINGS.get(last.outcome, "broken"), last.reason


def _ended(records: Sequence[AnyRecord]) -> float:
    """When the run ended: proof cells may have been added to its journal since."""
    ends = [r.time for r in of_type(records, RunEnded)]
    return max(ends) if ends else max(r.time for r in records)


def _seconds(records: Sequence[AnyRecord], plan: RunStarted, ended: float) -> float:
    ends = [r.seconds for r in of_type(records, RunEnded) if r.seconds]
    return round(ends[-1] if ends else max(0.0, ended - plan.time), 3)


def _moment(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).isoformat(timespec="seconds")
