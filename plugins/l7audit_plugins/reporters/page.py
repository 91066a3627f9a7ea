"""What the HTML page shows, worked out beforehand, so that the templates only place it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from l7audit.assess.promises import SCORE
from l7audit.assess.quantities import interval, quantity
from l7audit.assess.results import AreaResult, ControlResult, Finding, OutOfScope, Results
from l7audit.assess.results import TargetResult as Target
from l7audit.journal import Baseline, Records, RunStarted
from l7audit.model import DocumentedTarget, GatePolicy, Place, Verdict
from l7audit_plugins.reporters import charts, standards
from l7audit_plugins.reporters.controls import ControlView, control_view
from l7audit_plugins.reporters.evidence import FINDING_ROOM, PAPER_ROOM, Evidence, gather
from l7audit_plugins.reporters.findings import UNDECIDED, failed
from l7audit_plugins.reporters.shots import Shot

FINDINGS = 20
"""The most findings shown of one control; `results.json` has them all."""

ALL_FINDINGS = 1000
"""The most findings shown in all, but one of each failed control at least."""

EXCHANGES = 3
"""The most exchanges shown of one finding."""

ALL_EXCHANGES = 300
"""The most exchanges of findings shown on the whole page, so that it stays a page."""

ALL_ROOM = 1_500_000
"""The most characters of all of them together."""

KNOWN = 50
"""The most findings listed of each kind in a comparison with an earlier run."""


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One documented target as it is shown."""

    result: Target
    value: str
    interval: str
    plot: charts.Plot | None


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with those of its exchanges that are shown."""

    finding: Finding
    shots: tuple[Shot, ...]
    more: int


@dataclass(frozen=True, slots=True)
class FailedView:
    """A failed control with those of its findings that are shown."""

    control: ControlResult
    findings: tuple[FindingView, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Known:
    """A finding as a comparison names it; the place is empty where no run still knows it."""

    fingerprint: str
    control: str
    statement: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Findings of one kind in a comparison with an earlier run."""

    title: str
    meaning: str
    count: int
    shown: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page besides the results themselves."""

    results: Results
    policy: GatePolicy
    evidence: Evidence
    passed: int
    applicable: int
    met: int
    score_bar: float
    minimum_bar: float
    trend: charts.Trend | None
    areas: tuple[tuple[AreaResult, charts.Bar], ...]
    targets: tuple[tuple[str, tuple[TargetRow, ...]], ...]
    failed: tuple[FailedView, ...]
    undecided: tuple[ControlResult, ...]
    by_area: tuple[tuple[str, tuple[ControlView, ...]], ...]
    out_of_scope: tuple[tuple[str, tuple[OutOfScope, ...]], ...]
    not_selected: tuple[tuple[str, tuple[str, ...]], ...]
    proven: int
    proof_was_run: bool
    compared: tuple[Compared, ...]
    compared_with: Baseline | None
    attributed: tuple[str, ...]


def page(results: Results, records: Records, *, paper: bool = False) -> Page:
    """The page of a run. Pure: the same results and records give the same page."""
    plan = records.started
    documented = {t.id: t for t in plan.documented}
    controls = results.controls
    worst = failed(results)
    limit = max(1, min(FINDINGS, ALL_FINDINGS // max(1, len(worst))))
    room = PAPER_ROOM if paper else FINDING_ROOM
    evidence = gather(results, records, _wanted(worst, limit), room)
    return Page(
        results=results,
        policy=plan.gate,
        evidence=evidence,
        passed=sum(c.verdict == Verdict.PASS for c in controls),
        applicable=sum(c.verdict != Verdict.NOT_APPLICABLE for c in controls),
        met=sum(t.outcome == "met" for t in results.targets),
        score_bar=charts.score_at(results.score),
        minimum_bar=charts.score_at(plan.gate.minimum_score),
        trend=charts.trend(results, plan.gate.minimum_score),
        areas=tuple((a, charts.bar(a)) for a in results.areas),
        targets=_sections(results.targets, documented),
        failed=tuple(_failed(worst, limit, evidence)),
        undecided=tuple(c for c in controls if c.verdict in UNDECIDED),
        by_area=_grouped(controls, evidence),
        out_of_scope=_by_reason(results.out_of_scope),
        not_selected=_not_selected(plan),
        proven=sum(c.proof.state == "proven" for c in controls),
        proof_was_run=any(c.proof.state in ("proven", "gap") for c in controls),
        compared=tuple(_compared(results, plan.baseline)),
        compared_with=plan.baseline,
        attributed=tuple(standards.attributed(name for c in controls for name in c.mappings)),
    )


def _wanted(worst: Iterable[ControlResult], limit: int) -> list[str]:
    """The exchanges to show: first one of each finding, the gravest first, then the others."""
    findings = [f for c in worst for f in c.findings[:limit]]
    ids = chain(
        (f.exchanges[0] for f in findings if f.exchanges),
        (e for f in findings for e in f.exchanges[1:EXCHANGES]),
    )
    return list(dict.fromkeys(ids))[:ALL_EXCHANGES]


def _sections(
    targets: Iterable[Target], documented: Mapping[str, DocumentedTarget]
) -> tuple[tuple[str, tuple[TargetRow, ...]], ...]:
    sections: dict[str, list[TargetRow]] = defaultdict(list)
    for target in targets:
        sections[target.section].append(_target(target, documented.get(target.id)))
    return tuple((name, tuple(rows)) for name, rows in sections.items())


def _target(target: Target, documented: DocumentedTarget | None) -> TargetRow:
    value = "" if target.value is None else quantity(target.value, target.unit)
    ends = "" if target.interval is None else interval(target.interval, target.unit)
    if target.id == SCORE and target.interval and target.interval[0] == target.interval[1]:
        ends = ""  # every control has an answer, so the score is what it is
    return TargetRow(target, value, ends, charts.plot(target, documented))


def _failed(worst: Iterable[ControlResult], limit: int, evidence: Evidence) -> Iterator[FailedView]:
    room = ALL_ROOM
    for control in worst:
        views = []
        for finding in control.findings[:limit]:
            shots = []
            for name in finding.exchanges[:EXCHANGES]:
                found = evidence.shots.get(name)
                if found is not None and found.size <= room:
                    room -= found.size
                    shots.append(found)
            views.append(FindingView(finding, tuple(shots), len(finding.exchanges) - len(shots)))
        yield FailedView(control, tuple(views), len(control.findings) - len(views))


def _grouped(
    controls: Iterable[ControlResult], evidence: Evidence
) -> tuple[tuple[str, tuple[ControlView, ...]], ...]:
    areas: dict[str, list[ControlView]] = defaultdict(list)
    for control in controls:
        areas[control.area].append(control_view(control, evidence))
    return tuple((area, tuple(found)) for area, found in areas.items())


def _by_reason(
    left_out: Iterable[OutOfScope],
) -> tuple[tuple[str, tuple[OutOfScope, ...]], ...]:
    reasons: dict[str, list[OutOfScope]] = defaultdict(list)
    for control in left_out:
        reasons[control.reason].append(control)
    return tuple((reason, tuple(found)) for reason, found in reasons.items())


def _not_selected(plan: RunStarted) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the catalogue has and nobody asked for: ids by area."""
    asked = {*plan.planned, *(s.control for s in plan.out_of_scope)}
    areas: dict[str, list[str]] = defaultdict(list)
    for control in sorted(c.id for c in plan.controls):
        if control not in asked:
            areas[control.partition("-")[0]].append(control)
    return tuple((area, tuple(found)) for area, found in areas.items())


def _compared(results: Results, earlier: Baseline | None) -> Iterator[Compared]:
    found = results.baseline
    if found is None:
        return
    known: dict[str, Known] = {}
    for old in earlier.findings if earlier else []:
        known[old.fingerprint] = Known(old.fingerprint, old.control, old.statement, old.place)
    for control in results.controls:
        for now in control.findings:
            known[now.fingerprint] = Known(now.fingerprint, now.control, now.statement, now.place)

    def kind(title: str, meaning: str, fingerprints: Sequence[str]) -> Compared:
        shown = (known.get(f, Known(f, "", "", None)) for f in fingerprints[:KNOWN])
        return Compared(title, meaning, len(fingerprints), tuple(shown))

    yield kind("New", "Found now and not then.", found.new)
    yield kind("Fixed", "Found then; its control was fully checked again.", found.fixed)
    yield kind("Unchanged", "Found then and now.", found.unchanged)
    yield kind(
        "Not tested again",
        "Found then; its control has no complete answer now, so nothing is known.",
        found.not_retested,
    )
