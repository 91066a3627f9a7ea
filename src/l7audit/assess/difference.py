"""Two runs side by side: which findings are new, fixed, unchanged or not tested again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from l7audit.assess.baseline import baseline_of, compare
from l7audit.assess.results import ControlResult, Entry, Finding, Points, Results, RunOutcome, Share
from l7audit.model import Place, Severity, Verdict

SCHEMA = "l7audit-diff/1"

Answer = Literal["nothing_new", "new", "untrusted"]


class Side(Entry, frozen=True, kw_only=True):
    """One of the two runs."""

    run: str
    started: str
    target: str
    outcome: RunOutcome
    score: Points
    coverage: Share
    decision: str


class Compared(Entry, frozen=True, kw_only=True):
    """A finding, as the later run says it; one that it lacks, as the earlier one did."""

    fingerprint: str
    control: str
    severity: Severity
    place: Place
    statement: str


class VerdictChange(Entry, frozen=True, kw_only=True):
    """A control that does not say what it said; null where a run did not plan it."""

    control: str
    title: str
    severity: Severity
    before: Verdict | None
    after: Verdict | None


class Difference(Entry, frozen=True, kw_only=True):
    """What changed from one run to a later one.

    `worse` are the unchanged findings whose control became more severe. `answer`: `new` where a
    finding is new or worse, or a control fails that did not and says not where; `untrusted` where
    nothing is, but the later run did not end or did not answer where the earlier found something.
    """

    schema: str
    answer: Answer
    reason: str
    before: Side
    after: Side
    new: list[Compared]
    fixed: list[Compared]
    unchanged: list[Compared]
    worse: list[Compared]
    not_retested: list[Compared]
    verdicts: list[VerdictChange]


def difference(before: Results, after: Results) -> Difference:
    """The difference of two assessed runs."""
    met = compare(after.controls, baseline_of(before))
    known = _findings(before) | _findings(after)

    def listed(fingerprints: Iterable[str]) -> list[Compared]:
        found = [known[f] for f in fingerprints]
        return sorted(found, key=lambda c: (-c.severity.weight, c.control, str(c.place)))

    changes = _changes(before, after)
    new, worse, lost = listed(met.new), listed(met.worse), listed(met.not_retested)
    answer, reason = _answer(after, new, worse, _silent(after, changes), lost)
    return Difference(
        schema=SCHEMA,
        answer=answer,
        reason=reason,
        before=_side(before),
        after=_side(after),
        new=new,
        fixed=listed(met.fixed),
        unchanged=listed(met.unchanged),
        worse=worse,
        not_retested=lost,
        verdicts=changes,
    )


def _answer(
    after: Results,
    new: list[Compared],
    worse: list[Compared],
    silent: list[str],
    lost: list[Compared],
) -> tuple[Answer, str]:
    told = [
        f"{len(new)} new finding{'' if len(new) == 1 else 's'}" if new else "",
        f"{len(worse)} more severe than before" if worse else "",
        f"{', '.join(silent)} failed without saying where" if silent else "",
    ]
    if any(told):
        return "new", ", ".join(filter(None, told)) + "."
    if after.outcome != "completed":
        return "untrusted", f"Nothing new was seen, but the later run is {after.outcome}."
    asked = {c.id for c in after.controls} | {o.control for o in after.out_of_scope}
    hidden = sorted({c.control for c in lost} & asked)
    if hidden:
        return "untrusted", f"Nothing new was seen, but {', '.join(hidden)} gave no answer again."
    return "nothing_new", "Nothing is new."


def _side(results: Results) -> Side:
    return Side(
        run=results.run,
        started=results.started,
        target=results.target,
        outcome=results.outcome,
        score=results.score,
        coverage=results.coverage,
        decision=results.gate.decision,
    )


def _findings(results: Results) -> dict[str, Compared]:
    return {f.fingerprint: _compared(c, f) for c in results.controls for f in c.findings}


def _compared(control: ControlResult, finding: Finding) -> Compared:
    return Compared(
        fingerprint=finding.fingerprint,
        control=control.id,
        severity=control.severity,
        place=finding.place,
        statement=finding.statement,
    )


def _changes(before: Results, after: Results) -> list[VerdictChange]:
    then = {c.id: c for c in before.controls}
    now = {c.id: c for c in after.controls}
    return [
        VerdictChange(
            control=name,
            title=(now.get(name) or then[name]).title,
            severity=(now.get(name) or then[name]).severity,
            before=then[name].verdict if name in then else None,
            after=now[name].verdict if name in now else None,
        )
        for name in sorted(then.keys() | now.keys())
        if (then[name].verdict if name in then else None)
        != (now[name].verdict if name in now else None)
    ]


def _silent(after: Results, changes: Iterable[VerdictChange]) -> list[str]:
    """Controls that fail now, did not then, and have no finding that could be told new."""
    mute = {c.id for c in after.controls if c.verdict == Verdict.FAIL and not c.findings}
    return [c.control for c in changes if c.control in mute]
