"""The geometry of the page's pictures, in SVG units, each with the words that stand in for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from l7audit.assess.quantities import quantity
from l7audit.assess.results import AreaResult, HistoryPoint, Results, TargetResult
from l7audit.journal import Fault, Timeline
from l7audit.model import DocumentedTarget

BAR = 240
"""The length of an area's bar, and of the score's scale."""

PLOT = 132
"""The length of a target's interval plot."""

TREND = (600, 112)
"""The size of the score's trend."""

TIMELINE = (600, 96)
"""The size of a timeline."""

COLUMNS = 200
"""The most columns of a timeline; more steps than that are drawn together."""

MARKS = 8
"""The most faults marked on a timeline."""

RUNS = 30
"""The most runs of a trend; older ones are left out."""

_EDGE = 8
_LABELS = 16
"""What a timeline's marks take of its height."""

_PAST = {"kill": "killed", "pause": "frozen", "resume": "thawed", "restart": "restarted"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a bar: a style, where it begins and how long it is."""

    style: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """An area's controls by what became of them."""

    segments: tuple[Segment, ...]
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
class Point:
    """One run of a trend."""

    x: float
    y: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """The unwaived score from run to run, this one last; `runs` are the rows of its table."""

    points: tuple[Point, ...]
    line: str
    minimum: float
    runs: tuple[HistoryPoint, ...]
    left_out: int
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """What ended in one step of a timeline: where it stands, and how high either part is."""

    x: float
    served: float
    failed: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A fault on a timeline, or its mending: where, after how many seconds, and what it was."""

    x: float
    seconds: float
    what: str


@dataclass(frozen=True, slots=True)
class Second:
    """A row of a timeline's table."""

    number: int
    served: int
    failed: int
    slowest: float


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """What became of clients' requests around a fault."""

    name: str
    columns: tuple[Column, ...]
    width: float
    marks: tuple[Mark, ...]
    seconds: float
    table: tuple[Second, ...]
    text: str


def score_at(points: float) -> float:
    """Where a score (0..100) stands on the scale."""
    return round(points * BAR / 100, 2)


def bar(area: AreaResult) -> Bar:
    """An area's bar; what is not there has no segment."""
    parts = [
        ("pass", "passed", area.passed),
        ("fail", "failed", area.failed),
        ("open", "without an answer", area.inconclusive + area.error),
        ("na", "not applicable", area.not_applicable),
    ]
    segments = []
    x = 0.0
    for style, _, count in parts:
        width = count * BAR / area.planned if area.planned else 0.0
        if width:
            segments.append(Segment(style, round(x, 2), round(max(width - 1.5, 0.5), 2)))
        x += width
    told = ", ".join(f"{count} {name}" for _, name, count in parts if count)
    return Bar(tuple(segments), f"{area.area}: {told or 'none'}, of {area.planned}")


def plot(target: TargetResult, documented: DocumentedTarget | None) -> Plot | None:
    """A target's plot, or nothing where nothing was measured."""
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


def trend(results: Results, minimum: float) -> Trend | None:
    """The trend up to this run, or nothing where it is the first of its profile."""
    if not results.history:
        return None
    now = HistoryPoint(
        run=results.run,
        started=results.started,
        score=results.score,
        coverage=results.coverage,
        decision=results.gate.decision,
    )
    runs = (*results.history[-(RUNS - 1) :], now)
    floor = _floor([*(r.score for r in runs), minimum])
    width, height = TREND

    def up(score: float) -> float:
        return round(height - _EDGE - (score - floor) / (100 - floor) * (height - 2 * _EDGE), 2)

    step = (width - 2 * _EDGE) / (len(runs) - 1)
    points = tuple(
        Point(round(_EDGE + n * step, 2), up(r.score), r.decision == "passed")
        for n, r in enumerate(runs)
    )
    return Trend(
        points=points,
        line=" ".join(f"{p.x:g},{p.y:g}" for p in points),
        minimum=up(minimum),
        runs=runs,
        left_out=len(results.history) + 1 - len(runs),
        text=f"The score of {len(runs)} runs, oldest first: "
        + ", ".join(f"{r.score:.1f}" for r in runs)
        + f". The minimum is {minimum:g}.",
    )


def timeline(record: Timeline, faults: Sequence[Fault]) -> TimelineChart | None:
    """The picture of a timeline with those of the check's faults that fall into it; None of an
    empty one. A step in which something failed is never drawn as if nothing had."""
    steps = min(len(record.served), len(record.failed), len(record.slowest))
    if not steps or record.step <= 0:
        return None
    together = math.ceil(steps / COLUMNS)
    served = [sum(record.served[n : n + together]) for n in range(0, steps, together)]
    failed = [sum(record.failed[n : n + together]) for n in range(0, steps, together)]
    (width, height), seconds = TIMELINE, steps * record.step
    most = max(1, *(s + f for s, f in zip(served, failed, strict=True)))
    each = width / len(served)

    def tall(count: int) -> float:
        return round(max(1.5, count * (height - _LABELS) / most), 2) if count else 0.0

    moments = [(f, f.time - record.began) for f in faults]
    marks = tuple(
        Mark(
            round(after / seconds * width, 2),
            after,
            f"{f.component} {_PAST.get(f.action, f.action)}",
        )
        for f, after in moments
        if 0 <= after <= seconds
    )[:MARKS]
    lost, all_ = sum(failed), sum(served) + sum(failed)
    events = "; ".join(f"{m.what} after {m.seconds:.1f} s" for m in marks)
    return TimelineChart(
        name=record.name,
        columns=tuple(
            Column(round(n * each, 2), tall(s), tall(f))
            for n, (s, f) in enumerate(zip(served, failed, strict=True))
        ),
        width=round(max(each - 0.6, 0.4), 2),
        marks=marks,
        seconds=seconds,
        table=tuple(_seconds(record, steps)),
        text=f"{record.name}: {lost:,} of {all_:,} failed, the slowest took "
        f"{quantity(max(record.slowest[:steps]), 's')}" + (f"; {events}." if events else "."),
    )


def _seconds(record: Timeline, steps: int) -> Iterator[Second]:
    """The timeline second by second."""
    each = max(1, round(1 / record.step))
    for number, n in enumerate(range(0, steps, each)):
        part = slice(n, min(n + each, steps))
        yield Second(
            number,
            sum(record.served[part]),
            sum(record.failed[part]),
            max(record.slowest[part]),
        )


def _floor(scores: Sequence[float]) -> float:
    """Where the scale begins: at a round number below all scores, and never near the top."""
    return float(max(0, min(80, math.floor((min(scores) - 2) / 10) * 10)))
