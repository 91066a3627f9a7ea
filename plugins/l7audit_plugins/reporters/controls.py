"""One control as the page tells it: what it rests on, what it saw, what it was proven against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from l7audit.assess.results import CheckResult, ControlResult, Proof, ProofVariant, WitnessResult
from l7audit_plugins.reporters.charts import TimelineChart
from l7audit_plugins.reporters.evidence import Evidence, Measured, Observed, Tally
from l7audit_plugins.reporters.shots import Shot

WITNESSES = 6
"""The most different witnesses told of one control."""


@dataclass(frozen=True, slots=True)
class WitnessView:
    """A witness, and in words whether it held."""

    statement: str
    held: bool
    words: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check with its exchanges in words."""

    result: CheckResult
    exchanges: str


@dataclass(frozen=True, slots=True)
class VariantView:
    """A defect or near-miss with what came out, in words."""

    variant: ProofVariant
    words: str


@dataclass(frozen=True, slots=True)
class ControlView:
    """A control with all that is shown of it. `left_out` says what has no room here."""

    control: ControlResult
    witnesses: tuple[WitnessView, ...]
    more_witnesses: int
    checks: tuple[CheckView, ...]
    exchanges: int
    measured: Sequence[Measured]
    observed: Sequence[Observed]
    timelines: Sequence[TimelineChart]
    left_out: int
    proof: str
    variants: tuple[VariantView, ...]
    shots: Sequence[Shot]


def control_view(control: ControlResult, evidence: Evidence) -> ControlView:
    """A control beside what the journal has of it."""
    witnesses = list(_witnesses(control.witnesses))
    tallies = [evidence.tallies.get(c.id, Tally()) for c in control.checks]
    return ControlView(
        control=control,
        witnesses=tuple(witnesses[:WITNESSES]),
        more_witnesses=max(0, len(witnesses) - WITNESSES),
        checks=tuple(
            CheckView(check, _exchanges(tally))
            for check, tally in zip(control.checks, tallies, strict=True)
        ),
        exchanges=sum(t.made for t in tallies),
        measured=evidence.measured.get(control.id, ()),
        observed=evidence.observed.get(control.id, ()),
        timelines=evidence.timelines.get(control.id, ()),
        left_out=evidence.left_out[control.id],
        proof=_proof(control.proof),
        variants=tuple(_variants(control.proof)),
        shots=evidence.samples.get(control.id, ()),
    )


def _witnesses(found: Iterable[WitnessResult]) -> Iterator[WitnessView]:
    """Each statement once, with the moments at which it was asked."""
    asked: dict[str, list[WitnessResult]] = {}
    for witness in found:
        asked.setdefault(witness.statement, []).append(witness)
    for statement, times in asked.items():
        lost = [w for w in times if not w.held]
        phases = {w.phase for w in times}
        if lost:
            words = f"did not hold ({lost[0].phase})"
        elif {"opening", "closing"} <= phases:
            words = "held before and after"
        else:
            words = "held"
        yield WitnessView(statement, not lost, words)


def _exchanges(tally: Tally) -> str:
    """`12 exchanges: HTTP 200 (10), HTTP 401 (2)`."""
    if not tally.made:
        return "no exchange"
    answers = ", ".join(f"{told} ({n:,})" for told, n in tally.answers.most_common(6))
    more = ", …" if len(tally.answers) > 6 else ""
    return f"{tally.made:,} {'exchange' if tally.made == 1 else 'exchanges'}: {answers}{more}"


def _proof(proof: Proof) -> str:
    """The proof in one sentence."""
    if proof.state == "none":
        return "No defect is declared for it, so nothing shows that it can fail."
    declared = _counted(len(proof.defects), "defect")
    if proof.near_misses:
        declared = f"{declared} and {_counted(len(proof.near_misses), 'near-miss', 'near-misses')}"
    if proof.state == "declared":
        return f"{declared} declared; not run."
    red = sum(v.ok for v in proof.defects)
    told = f"{red} of {_counted(len(proof.defects), 'defect')} turned it red"
    if proof.near_misses:
        green = sum(v.ok for v in proof.near_misses)
        words = _counted(len(proof.near_misses), "near-miss", "near-misses")
        told = f"{told}, {green} of {words} left it green"
    return f"{told}."


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _variants(proof: Proof) -> Iterator[VariantView]:
    for variant in proof.defects:
        yield VariantView(variant, _came_out(variant, "defect: turned it red"))
    for variant in proof.near_misses:
        yield VariantView(variant, _came_out(variant, "near-miss: left it green"))


def _came_out(variant: ProofVariant, right: str) -> str:
    if variant.ok:
        return right
    kind = right.split(":")[0]
    if variant.verdict is None:
        return f"{kind}: not run"
    return f"{kind}: gave {variant.verdict.replace('_', ' ')}"
