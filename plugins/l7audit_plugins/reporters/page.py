"""What the HTML page shows, worked out beforehand, so that the templates only place it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from l7audit.assess.promises import SCORE
from l7audit.assess.quantities import interval, quantity
from l7audit.assess.results import (
    AreaResult,
    ControlResult,
    Finding,
    OutOfScope,
    Results,
    TargetResult,
)
from l7audit.journal import Exchange, Records
from l7audit.model import DocumentedTarget, GatePolicy, Severity, Verdict
from l7audit.probe.curl import curl
from l7audit_plugins.reporters.visible import one_line

FINDINGS = 20
"""The most findings shown of one control; `results.json` has them all."""

EXCHANGES = 3
"""The most exchanges shown of one finding."""

ALL_EXCHANGES = 150
"""The most exchanges shown on the whole page, so that it stays a page."""

HEADERS = 60
"""The most headers shown of one message."""

BAR = 240
"""The length of an area's bar, and of the score's scale, in SVG units."""

PLOT = 132
"""The length of a target's interval plot in SVG units."""

OPEN = (Verdict.INCONCLUSIVE, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a bar: a style, where it begins and how long it is."""

    style: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One area with its bar and the bar's text alternative."""

    area: AreaResult
    bar: tuple[Segment, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A target's interval on its own scale: positions of its ends, its value and the promise."""

    low: float
    high: float
    value: float
    bounds: tuple[float, ...]
    open_high: bool
    open_low: bool


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One documented target as it is shown."""

    result: TargetResult
    value: str
    interval: str
    plot: Plot | None


@dataclass(frozen=True, slots=True)
class Shot:
    """An exchange as it is shown: request, response and a command that sends it again."""

    id: str
    title: str
    request: str
    response: str
    curl: str


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
class Page:
    """Everything on the page besides the results themselves."""

    results: Results
    policy: GatePolicy
    passed: int
    applicable: int
    met: int
    score_bar: float
    minimum_bar: float
    areas: tuple[AreaRow, ...]
    targets: tuple[tuple[str, tuple[TargetRow, ...]], ...]
    failed: tuple[FailedView, ...]
    undecided: tuple[ControlResult, ...]
    by_area: tuple[tuple[str, tuple[ControlResult, ...]], ...]
    out_of_scope: tuple[tuple[str, tuple[OutOfScope, ...]], ...]
    proven: int
    findings: Mapping[str, Finding]


def page(results: Results, records: Records) -> Page:
    """The page of a run. Pure: the same results and records give the same page."""
    documented = {t.id: t for t in records.started.documented}
    policy = records.started.gate
    controls = results.controls
    exchanges = records.exchanges(
        [e for c in controls for f in c.findings[:FINDINGS] for e in f.exchanges[:EXCHANGES]]
    )
    return Page(
        results=results,
        policy=policy,
        passed=sum(c.verdict == Verdict.PASS for c in controls),
        applicable=sum(c.verdict != Verdict.NOT_APPLICABLE for c in controls),
        met=sum(t.outcome == "met" for t in results.targets),
        score_bar=round(results.score * BAR / 100, 2),
        minimum_bar=round(policy.minimum_score * BAR / 100, 2),
        areas=tuple(_area(a) for a in results.areas),
        targets=_sections(results.targets, documented),
        failed=tuple(_failed(controls, exchanges)),
        undecided=tuple(c for c in controls if c.verdict in OPEN),
        by_area=_grouped(controls),
        out_of_scope=_by_reason(results.out_of_scope),
        proven=sum(c.proof.state == "proven" for c in controls),
        findings={f.fingerprint: f for c in controls for f in c.findings},
    )


def _area(area: AreaResult) -> AreaRow:
    counts = {
        "pass": area.passed,
        "fail": area.failed,
        "open": area.inconclusive + area.error,
        "na": area.not_applicable,
    }
    names = {
        "pass": "passed",
        "fail": "failed",
        "open": "without an answer",
        "na": "not applicable",
    }
    segments = []
    x = 0.0
    for style, count in counts.items():
        width = count * BAR / area.planned if area.planned else 0.0
        if width:
            segments.append(Segment(style, round(x, 2), round(max(width - 1.5, 0.5), 2)))
        x += width
    told = [f"{count} {names[style]}" for style, count in counts.items() if count]
    return AreaRow(area, tuple(segments), f"{area.area}: {', '.join(told)}, of {area.planned}")


def _sections(
    targets: Iterable[TargetResult], documented: Mapping[str, DocumentedTarget]
) -> tuple[tuple[str, tuple[TargetRow, ...]], ...]:
    sections: dict[str, list[TargetRow]] = defaultdict(list)
    for target in targets:
        sections[target.section].append(_target(target, documented.get(target.id)))
    return tuple((name, tuple(rows)) for name, rows in sections.items())


def _target(target: TargetResult, documented: DocumentedTarget | None) -> TargetRow:
    value = "" if target.value is None else quantity(target.value, target.unit)
    ends = "" if target.interval is None else interval(target.interval, target.unit)
    if target.id == SCORE and target.interval and target.interval[0] == target.interval[1]:
        ends = ""  # every control has an answer, so the score is what it is
    return TargetRow(target, value, ends, _plot(target, documented))


def _plot(target: TargetResult, documented: DocumentedTarget | None) -> Plot | None:
    if target.value is None or documented is None:
        return None
    low, high = target.interval or (target.value, target.value)
    promised = [b for b in (documented.at_least, documented.at_most) if b is not None]
    known = [target.value, *promised, *(e for e in (low, high) if e is not None)]
    start, end = min(known), max(known)
    room = (end - start) * 0.12 or 1.0

    def position(number: float) -> float:
        return round(4 + (number - start + room) / (end - start + 2 * room) * (PLOT - 8), 2)

    return Plot(
        low=2.0 if low is None else position(low),
        high=PLOT - 2.0 if high is None else position(high),
        value=position(target.value),
        bounds=tuple(position(b) for b in promised),
        open_low=low is None,
        open_high=high is None,
    )


def _failed(
    controls: Iterable[ControlResult], exchanges: Mapping[str, Exchange]
) -> Iterator[FailedView]:
    """Failed controls: what is not waived first, the gravest first."""
    rank = list(Severity)
    failed = [c for c in controls if c.verdict == Verdict.FAIL]
    failed.sort(key=lambda c: (c.waiver is not None, rank.index(c.severity), c.id))
    room = ALL_EXCHANGES
    for control in failed:
        views = []
        for finding in control.findings[:FINDINGS]:
            known = [exchanges[e] for e in finding.exchanges[:EXCHANGES] if e in exchanges]
            shown = known[:room]
            room -= len(shown)
            shots = tuple(_shot(e) for e in shown)
            views.append(FindingView(finding, shots, len(finding.exchanges) - len(shots)))
        yield FailedView(control, tuple(views), len(control.findings) - len(views))


def _shot(exchange: Exchange) -> Shot:
    answer = f"HTTP {exchange.status}" if exchange.status is not None else "no answer"
    identity = f" as {one_line(exchange.identity)}" if exchange.identity else ""
    return Shot(
        id=exchange.id,
        title=f"{exchange.method} {exchange.url}{identity}: {answer}",
        request="\n".join(
            [
                f"{one_line(exchange.method)[:40]} {one_line(exchange.url)[:2000]}",
                *_headers(exchange.request.headers),
                *_body(exchange.request.body, exchange.request.size),
            ]
        ),
        response="\n".join(
            [
                f"{answer} in {exchange.milliseconds:.1f} ms"
                if exchange.status is not None
                else f"No answer: {one_line(exchange.error) or 'no reason is known.'}",
                *_headers(exchange.response.headers),
                *_body(exchange.response.body, exchange.response.size),
            ]
        ),
        curl=curl(exchange),
    )


def _headers(headers: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, value in headers[:HEADERS]:
        yield f"{one_line(name)[:200]}: {one_line(value)[:1000]}"
    if len(headers) > HEADERS:
        yield f"… {len(headers) - HEADERS} more headers"


def _body(body: str, size: int) -> Iterator[str]:
    if body:
        yield ""
        yield body
    if size > len(body.encode("utf-8", "replace")):
        yield f"… a body of {size:,} bytes, of which the journal keeps the beginning"


def _grouped(
    controls: Iterable[ControlResult],
) -> tuple[tuple[str, tuple[ControlResult, ...]], ...]:
    areas: dict[str, list[ControlResult]] = defaultdict(list)
    for control in controls:
        areas[control.area].append(control)
    return tuple((area, tuple(found)) for area, found in areas.items())


def _by_reason(
    left_out: Iterable[OutOfScope],
) -> tuple[tuple[str, tuple[OutOfScope, ...]], ...]:
    reasons: dict[str, list[OutOfScope]] = defaultdict(list)
    for control in left_out:
        reasons[control.reason].append(control)
    return tuple((reason, tuple(found)) for reason, found in reasons.items())
