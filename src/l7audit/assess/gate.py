"""The gate: one decision, with every reason told, that is never green for the wrong reason.

The first row that applies decides; the reasons of the others follow it.

    the run was interrupted                                   untrusted          2
    the run broke, or its journal ends early                  untrusted          6
    a waiver is invalid or expired                            waivers            7
    no control passed or failed                               nothing_assessed   5
    a failure that the policy does not accept                 failed             1
    a required control or target did not hold                 failed             1
    a pass has no witness                                     untrusted          6
    coverage is below the minimum                             untrusted          6
    a control whose failure would count has no answer         untrusted          6
    a required control or target has no answer                untrusted          6
    the score (with waivers) is below the minimum             failed             1
    otherwise                                                 passed             0

What is undecided counts here like what failed, so that breaking a check can't open the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from l7audit.assess.quantities import percentage
from l7audit.assess.results import (
    ControlResult,
    Decision,
    GateResult,
    RunOutcome,
    TargetResult,
    WaiverResult,
)
from l7audit.exits import Exit
from l7audit.model import GatePolicy, Verdict

_UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gate decides on. `unwitnessed` are controls with a pass that nothing supports."""

    outcome: RunOutcome
    controls: Sequence[ControlResult]
    targets: Sequence[TargetResult]
    waivers: Sequence[WaiverResult]
    score_with_waivers: float
    coverage: float
    unwitnessed: Sequence[str] = ()
    why_ended: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to pass."""

    decision: Decision
    exit: Exit
    sentence: str


def decide(policy: GatePolicy, facts: Facts) -> GateResult:
    """The gate's decision on a run."""
    objections = list(_objections(policy, facts))
    if objections:
        first = objections[0]
        return GateResult(
            decision=first.decision,
            reason=first.sentence,
            reasons=[o.sentence for o in objections],
            exit_code=int(first.exit),
        )
    reason = _why_passed(policy, facts)
    return GateResult(
        decision="passed", reason=reason, reasons=[reason], exit_code=int(Exit.PASSED)
    )


def _objections(policy: GatePolicy, facts: Facts) -> Iterator[Objection]:
    yield from _run(facts)
    yield from _waivers(facts)
    if not any(c.verdict in (Verdict.PASS, Verdict.FAIL) for c in facts.controls):
        yield Objection("nothing_assessed", Exit.NOTHING_ASSESSED, "No control was assessed.")
    yield from _failures(policy, facts)
    yield from _gaps(policy, facts)
    if facts.score_with_waivers < policy.minimum_score:
        yield Objection(
            "failed",
            Exit.FAILED,
            f"The score of {facts.score_with_waivers:.1f} is below the minimum of "
            f"{policy.minimum_score:g}.",
        )


def _run(facts: Facts) -> Iterator[Objection]:
    because = f": {facts.why_ended}" if facts.why_ended else "."
    if facts.outcome == "interrupted":
        yield Objection("untrusted", Exit.INTERRUPTED, "The run was interrupted.")
    elif facts.outcome == "broken":
        yield Objection("untrusted", Exit.UNTRUSTED, f"The run broke off{because}")
    elif facts.outcome == "incomplete":
        yield Objection(
            "untrusted", Exit.UNTRUSTED, "The journal ends before the run did; resume it."
        )


def _waivers(facts: Facts) -> Iterator[Objection]:
    for waiver in facts.waivers:
        if waiver.state in ("invalid", "expired"):
            yield Objection(
                "waivers", Exit.WAIVERS, f"The waiver of {waiver.control}: {waiver.detail}"
            )


def _failures(policy: GatePolicy, facts: Facts) -> Iterator[Objection]:
    """What was seen to be wrong: the evidence stands, whatever else is missing."""
    for control in facts.controls:
        counts = control.severity in policy.fail_on or control.id in policy.required_controls
        if control.verdict == Verdict.FAIL and control.waiver is None and counts:
            yield Objection(
                "failed",
                Exit.FAILED,
                f"{control.id} failed ({control.severity.value}): {control.title.rstrip('.')}.",
            )
        if control.verdict == Verdict.NOT_APPLICABLE and control.id in policy.required_controls:
            yield Objection("failed", Exit.FAILED, f"{control.id} is required, but does not apply.")
    for target in facts.targets:
        if target.id in policy.required_targets and target.outcome == "missed":
            yield Objection(
                "failed",
                Exit.FAILED,
                f"The required target {target.id} ({target.bound}) was missed.",
            )


def _gaps(policy: GatePolicy, facts: Facts) -> Iterator[Objection]:
    """What is not known and would have to be."""

    def untrusted(sentence: str) -> Objection:
        return Objection("untrusted", Exit.UNTRUSTED, sentence)

    if facts.unwitnessed:
        yield untrusted(f"No witness supports the passing checks of {_names(facts.unwitnessed)}.")
    if facts.coverage < policy.minimum_coverage:
        yield untrusted(
            f"Only {percentage(facts.coverage)} of the planned weight was decided; the minimum is "
            f"{percentage(policy.minimum_coverage)}."
        )
    undecided = [c for c in facts.controls if _open(c)]
    counting = [c.id for c in undecided if c.severity in policy.fail_on]
    if counting:
        yield untrusted(f"No answer from {_names(counting)}, where a failure would count.")
    known = {c.id for c in facts.controls}
    without = {c.id for c in undecided}
    for name in sorted(set(policy.required_controls)):
        if name not in known:
            yield untrusted(f"{name} is required, but is not part of this run.")
        elif name in without:
            yield untrusted(f"{name} is required, but has no answer.")
    yield from (untrusted(s) for s in _target_gaps(policy, facts, sorted(without)))


def _target_gaps(policy: GatePolicy, facts: Facts, undecided: Sequence[str]) -> Iterator[str]:
    outcomes = {t.id: t for t in facts.targets}
    for name in sorted(set(policy.required_targets)):
        target = outcomes.get(name)
        if target is None:
            yield f"The required target {name} is not a documented one."
        elif target.outcome == "not_demonstrated":
            yield f"The required target {name} ({target.bound}) is not demonstrated."
        elif target.outcome == "met" and undecided:
            # What a check without an answer would have measured may have broken the promise.
            yield (
                f"The required target {name} is met only by what was measured: "
                f"{_names(undecided)} gave no answer."
            )


def _open(control: ControlResult) -> bool:
    """Whether a control, or any of its checks, gave no answer (a waiver covers none of that)."""
    if control.verdict in _UNDECIDED:
        return True
    return any(check.verdict in _UNDECIDED for check in control.checks)


def _why_passed(policy: GatePolicy, facts: Facts) -> str:
    waived = [c.id for c in facts.controls if c.waiver is not None]
    failed = [c for c in facts.controls if c.verdict == Verdict.FAIL and c.waiver is None]
    text = (
        f"The score of {facts.score_with_waivers:.1f} reaches the minimum of "
        f"{policy.minimum_score:g} with {percentage(facts.coverage)} of the planned weight decided"
    )
    if failed:
        text += f", {len(failed)} failed below the severities that count"
    if waived:
        text += f", {len(waived)} failed and waived ({_names(waived)})"
    return f"{text}."


def _names(ids: Iterable[str], limit: int = 5) -> str:
    names = list(ids)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
