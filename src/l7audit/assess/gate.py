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
    a required proof is missing                               untrusted          6
    only what is new counts, and that cannot be told          untrusted          6
    an area with a minimum score is not part of the run       untrusted          6
    an area's score is below its minimum                      failed             1
    the score is below the minimum                            failed             1
    otherwise                                                 passed             0

Both kinds of score leave out what the policy accepts: failures that are waived, those whose
findings are less sure than the minimum confidence and, where only what is new counts, those that
the baseline has already. The report's own score leaves out none of them.
What is undecided counts here like what failed, so that breaking a check can't open the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from l7audit.assess.acceptance import Accepted
from l7audit.assess.quantities import percentage
from l7audit.assess.results import (
    BaselineResult,
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
    """What the gate decides on.

    `score` and `areas` leave out what is `accepted`; an area of which that leaves nothing has no
    score. `unwitnessed` are controls with a pass that nothing supports. `left_out` counts the
    controls that were out of scope.
    """

    outcome: RunOutcome
    controls: Sequence[ControlResult]
    targets: Sequence[TargetResult]
    waivers: Sequence[WaiverResult]
    score: float
    coverage: float
    accepted: Accepted = field(default_factory=Accepted)
    areas: Mapping[str, float | None] = field(default_factory=dict)
    baseline: BaselineResult | None = None
    unwitnessed: Sequence[str] = ()
    left_out: int = 0
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
    yield from _scores(policy, facts)


def _scores(policy: GatePolicy, facts: Facts) -> Iterator[Objection]:
    for area, minimum in sorted(policy.minimum_area_scores.items()):
        score = facts.areas.get(area)
        if area not in facts.areas:
            yield Objection(
                "untrusted",
                Exit.UNTRUSTED,
                f"The area {area} has a minimum score, but is not part of this run.",
            )
        elif score is None:
            yield Objection(
                "failed",
                Exit.FAILED,
                f"The area {area} has a minimum score of {minimum:g}, but nothing of it is left "
                "to score.",
            )
        elif score < minimum:
            yield Objection(
                "failed",
                Exit.FAILED,
                f"The score of {score:.1f} of the area {area} is below its minimum of {minimum:g}.",
            )
    if facts.score < policy.minimum_score:
        yield Objection(
            "failed",
            Exit.FAILED,
            f"The score of {facts.score:.1f} is below the minimum of {policy.minimum_score:g}.",
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
    """What was seen to be wrong, the gravest first: it stands, whatever else is missing."""
    for control in sorted(facts.controls, key=lambda c: -c.severity.weight):
        counts = control.severity in policy.fail_on or control.id in policy.required_controls
        excused = control.id in facts.accepted.controls
        if control.verdict == Verdict.FAIL and counts and not excused:
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
    unproven = [
        c.id for c in facts.controls if c.severity in policy.require_proof and not _proven(c)
    ]
    if unproven:
        yield untrusted(
            f"{_names(unproven)} must be proven, but no proof of these suites shows that "
            f"{'it' if len(unproven) == 1 else 'they'} can fail; run: l7audit prove."
        )
    if policy.only_new and facts.baseline is None:
        yield untrusted(
            "Only new findings count, but there is no baseline to tell them by; name a run with "
            "--baseline."
        )
    if facts.accepted.lost:
        yield untrusted(
            f"Findings of the baseline were not tested again: {_names(facts.accepted.lost)}."
        )


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


def _proven(control: ControlResult) -> bool:
    return control.proof.state == "proven"


def _why_passed(policy: GatePolicy, facts: Facts) -> str:
    """What the decision rests on, the accepted failures first."""
    waived, known, unsure = facts.accepted.waived, facts.accepted.known, facts.accepted.unsure
    basis = (
        f"score of {facts.score:.1f} reaches the minimum of {policy.minimum_score:g} with "
        f"{percentage(facts.coverage)} of the planned weight decided"
    )
    excused = []
    if waived:
        excused.append(f"{_counted(waived, 'waived failure')} ({_names(waived)})")
    if known:
        excused.append(f"{_counted(known, 'failure')} known from the baseline ({_names(known)})")
    if unsure:
        excused.append(
            f"{_counted(unsure, 'failure')} less sure than {policy.minimum_confidence} "
            f"({_names(unsure)})"
        )
    text = f"Passed with {' and '.join(excused)}: the {basis}" if excused else f"The {basis}"
    failed = [
        c
        for c in facts.controls
        if c.verdict == Verdict.FAIL and c.id not in facts.accepted.controls
    ]
    if failed:
        text += f", {len(failed)} failed below the severities that count"
    unasked = sum(c.verdict == Verdict.NOT_APPLICABLE for c in facts.controls)
    if unasked:
        text += f", {unasked} not applicable"
    if facts.left_out:
        text += f", {facts.left_out} out of scope"
    return f"{text}."


def _counted(of: Sequence[str], noun: str) -> str:
    return f"{len(of)} {noun}{'' if len(of) == 1 else 's'}"


def _names(ids: Iterable[str], limit: int = 5) -> str:
    names = list(ids)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
