"""What is wrong with waivers, before a gate rests on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from l7audit.assess.results import ControlResult, Results
from l7audit.assess.waivers import invalid
from l7audit.model import Verdict, Waiver

LONG = 365
"""Days; a waiver that lives longer is likely to be forgotten, where no policy says less."""

SOON = 14
"""Days before its end in which a waiver is worth a word."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A sentence on the waiver at `index`. A grave one would stop the gate, or should."""

    index: int
    grave: bool
    sentence: str


def lint(
    waivers: Sequence[Waiver],
    known: Collection[str],
    today: date,
    maximum_days: int | None = None,
    run: Results | None = None,
) -> list[Complaint]:
    """The complaints on these waivers, in their order, the grave ones of each first.

    `known` are the ids of all controls; `today` is a UTC date; `maximum_days` is the policy's
    longest life. `run` is one that they were meant for: it shows what is unused or too broad.
    """
    results = {c.id: c for c in run.controls} if run else {}
    found = [
        complaint
        for index in range(len(waivers))
        for complaint in _complaints(index, waivers, known, today, maximum_days, run, results)
    ]
    found += _whole_areas(waivers, known)
    return sorted(found, key=lambda c: (c.index, not c.grave))


def _whole_areas(waivers: Sequence[Waiver], known: Collection[str]) -> Iterator[Complaint]:
    """Of each area whose every control is waived whole, a word at its last waiver."""
    last = {w.control: index for index, w in enumerate(waivers) if not w.fingerprint}
    areas: dict[str, set[str]] = {}
    for control in known:
        areas.setdefault(control.partition("-")[0], set()).add(control)
    for area, controls in sorted(areas.items()):
        if controls <= last.keys():
            index = max(last[c] for c in controls)
            yield Complaint(index, False, f"With it the whole area {area} is waived.")


def _complaints(
    index: int,
    waivers: Sequence[Waiver],
    known: Collection[str],
    today: date,
    maximum_days: int | None,
    run: Results | None,
    results: dict[str, ControlResult],
) -> Iterator[Complaint]:
    waiver = waivers[index]

    def grave(sentence: str) -> Complaint:
        return Complaint(index, True, sentence)

    def mild(sentence: str) -> Complaint:
        return Complaint(index, False, sentence)

    if wrong := invalid(waiver, known, today, maximum_days):
        yield grave(wrong)
        return
    last = date.fromisoformat(waiver.expires)
    if today > last:
        yield grave(f"It expired at the end of {waiver.expires} (UTC).")
        return
    for other in waivers[:index]:
        if other.control == waiver.control and other.fingerprint in ("", waiver.fingerprint):
            what = "the same" if other.fingerprint == waiver.fingerprint else "the whole control"
            yield grave(f"A waiver above it covers {what} already.")
    first = date.fromisoformat(waiver.since) if waiver.since else today
    if maximum_days is None and (last - first).days > LONG:
        yield mild(f"It holds {(last - first).days} days; more than {LONG} are easily forgotten.")
    if 0 <= (last - today).days <= SOON:
        yield mild(f"It expires at the end of {waiver.expires} (UTC).")
    yield from map(mild, _against(waiver, run, results.get(waiver.control)))
    if not waiver.fingerprint and (run is None or waiver.control not in results):
        yield mild(
            "It covers the whole control, and so whatever is found later; add a finding's "
            "fingerprint."
        )


def _against(waiver: Waiver, run: Results | None, control: ControlResult | None) -> Iterator[str]:
    """What a run shows of a sound waiver: that it is unused, or covers more than was found."""
    if run is None:
        return
    if control is None:
        yield f"It is unused: run {run.run} did not plan {waiver.control}."
    elif control.verdict != Verdict.FAIL:
        said = control.verdict.value.replace("_", " ")
        yield f"It is unused: {waiver.control} came to {said} in run {run.run}."
    elif not waiver.fingerprint:
        prints = [f.fingerprint for f in control.findings]
        if prints:
            more = f" and {len(prints) - 3} more" if len(prints) > 3 else ""
            yield (
                "It covers the whole control, and so whatever is found later; name the finding: "
                f"{', '.join(prints[:3])}{more}."
            )
    elif all(f.fingerprint != waiver.fingerprint for f in control.findings):
        yield f"It is unused: run {run.run} has no finding {waiver.fingerprint}."
