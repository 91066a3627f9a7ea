"""What the page takes from the journal: one way through it, and little kept of each record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec

from l7audit.assess.quantities import interval, quantity
from l7audit.assess.results import Results
from l7audit.assess.statistics import quantile, rate_bounds
from l7audit.journal import (
    Exchange,
    Fault,
    Measurement,
    Observation,
    Records,
    RunEnded,
    RunResumed,
    StackEvent,
    Timeline,
    digest,
)
from l7audit.model import Verdict
from l7audit_plugins.reporters import charts
from l7audit_plugins.reporters.shots import Shot, answer, shot

FINDING_ROOM = 12_000
"""The most characters of one exchange of a finding."""

PAPER_ROOM = 4_500
"""The same where it cannot be scrolled."""

SAMPLE_ROOM = 3_600
"""The most characters of one sample of a control's exchanges."""

ALL_SAMPLES = 1_200_000
"""About the most characters of all samples together; many controls have shorter ones."""

ROWS = 8
"""The most measurements, and the most observations, shown of one control."""

CHARTS = 4
"""The most timelines drawn of one control."""

DATA = 600
"""The most characters of what an observation or an event has beside its sentence."""

EVENTS = 100
"""The most events shown of a run's course: its beginning."""


@dataclass(slots=True)
class Tally:
    """The exchanges of one check: how many, and how often each answer came."""

    made: int = 0
    answers: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement as it is shown."""

    name: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation as it is shown: a sentence, and its data as JSON."""

    statement: str
    data: str


@dataclass(frozen=True, slots=True)
class Event:
    """A moment of the run, in seconds since it began."""

    seconds: float
    what: str
    detail: str


@dataclass(slots=True)
class Evidence:
    """All that is shown of the records. `shots` are findings' exchanges by their ids, `samples`
    a control's own; `left_out` counts measurements and observations beyond the first by control;
    `head` is the digest of the last record."""

    shots: dict[str, Shot] = field(default_factory=dict)
    samples: defaultdict[str, list[Shot]] = field(default_factory=lambda: defaultdict(list))
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    measured: defaultdict[str, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    observed: defaultdict[str, list[Observed]] = field(default_factory=lambda: defaultdict(list))
    timelines: defaultdict[str, list[charts.TimelineChart]] = field(
        default_factory=lambda: defaultdict(list)
    )
    left_out: Counter[str] = field(default_factory=Counter)
    course: list[Event] = field(default_factory=list)
    events: int = 0
    exchanges: int = 0
    records: int = 0
    head: str = ""


def gather(
    results: Results, records: Records, wanted: Collection[str], room: int = FINDING_ROOM
) -> Evidence:
    """Reads the journal once; `wanted` are the findings' exchanges, in `room` characters each."""
    found = Evidence()
    sampler = _Sampler(results, found.samples)
    wanted = set(wanted)
    began = records.started.time
    faults: defaultdict[str, list[Fault]] = defaultdict(list)
    last = b""
    for line, record in records.lines():
        last = line
        found.records += 1
        match record:
            case Exchange():
                found.exchanges += 1
                tally = found.tallies[record.check]
                tally.made += 1
                tally.answers[answer(record)] += 1
                if record.id in wanted:
                    found.shots[record.id] = shot(record, room)
                sampler.look(record)
            case Measurement():
                if len(found.measured[record.control]) < ROWS:
                    found.measured[record.control].append(_measured(record))
                else:
                    found.left_out[record.control] += 1
            case Observation():
                if len(found.observed[record.control]) < ROWS:
                    found.observed[record.control].append(_observed(record))
                else:
                    found.left_out[record.control] += 1
            case Timeline():
                drawn = found.timelines[record.control]
                if len(drawn) < CHARTS and (chart := charts.timeline(record, faults[record.check])):
                    drawn.append(chart)
            case StackEvent() | Fault() | RunResumed() | RunEnded():
                if isinstance(record, Fault):
                    faults[record.check].append(record)
                found.events += 1
                if found.events <= EVENTS:
                    found.course.append(_event(record, began))
    sampler.close()
    found.head = digest(last)
    return found


class _Sampler:
    """Picks what a control's pass rests on: the exchange of its witness, and beside it the first
    one after that was answered otherwise (what was refused), or else the one after."""

    def __init__(self, results: Results, samples: dict[str, list[Shot]]) -> None:
        planned = [c for c in results.controls if c.witnesses]
        self._room = min(SAMPLE_ROOM, ALL_SAMPLES // (2 * max(1, len(planned))))
        self._samples = samples
        self._witness: dict[str, tuple[str, str]] = {}  # exchange -> its control and check
        self._seen: dict[str, tuple[str, int | None]] = {}  # check -> its control and the status
        self._spare: dict[str, Shot] = {}
        for control in planned:
            broken = [w for w in control.witnesses if not w.held and w.exchanges]
            told = broken or [w for w in control.witnesses if w.exchanges]
            if told:
                self._witness[told[0].exchanges[0]] = (control.id, told[0].check)
        self._passed = {c.id for c in planned if c.verdict == Verdict.PASS}

    def look(self, exchange: Exchange) -> None:
        """Takes the exchange or lets it go."""
        if exchange.id in self._witness:
            control, check = self._witness[exchange.id]
            self._samples[control].append(shot(exchange, self._room, short=True))
            if control in self._passed:
                self._seen[check] = (control, exchange.status)
        elif exchange.check in self._seen:
            control, status = self._seen[exchange.check]
            if exchange.status == status and control in self._spare:
                return
            taken = shot(exchange, self._room, short=True)
            if exchange.status == status:
                self._spare[control] = taken
            else:
                self._samples[control].append(taken)
                del self._seen[exchange.check]
                self._spare.pop(control, None)

    def close(self) -> None:
        """Where every answer was alike, the one after the witness has to do."""
        for control, taken in self._spare.items():
            self._samples[control].append(taken)


def _measured(record: Measurement) -> Measured:
    value = detail = ""
    if record.value is not None:
        value = quantity(record.value, record.unit)
    elif record.trials:
        rate = (record.successes or 0) / record.trials
        value = quantity(rate, "ratio")
        detail = f"{record.successes or 0:,} of {record.trials:,}"
        if 0 <= (record.successes or 0) <= record.trials:
            ends = interval(rate_bounds(record.successes or 0, record.trials), "ratio")
            detail = f"{detail}; the true rate is {ends}"
    elif record.samples:
        value = quantity(quantile(record.samples, 0.5), record.unit)
        p95 = quantity(quantile(record.samples, 0.95), record.unit)
        detail = f"the median of {len(record.samples):,}; 95 % are not above {p95}"
    return Measured(record.name, value, detail)


def _observed(record: Observation) -> Observed:
    data = msgspec.json.encode(record.data).decode()[:DATA] if record.data else ""
    return Observed(record.statement, data)


def _event(record: StackEvent | Fault | RunResumed | RunEnded, began: float) -> Event:
    seconds = record.time - began
    match record:
        case StackEvent():
            detail = msgspec.json.encode(record.detail).decode()[:DATA] if record.detail else ""
            return Event(seconds, f"{record.component}: {record.event}", detail)
        case Fault():
            return Event(seconds, f"fault at {record.component}: {record.action}", record.check)
        case RunResumed():
            return Event(seconds, "the run was resumed", "")
        case RunEnded():
            return Event(seconds, f"the run ended: {record.outcome}", record.reason)
