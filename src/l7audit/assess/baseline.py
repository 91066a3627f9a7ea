"""This run's findings against an earlier run's, by fingerprint."""

from __future__ import annotations

from collections.abc import Sequence

from l7audit.assess.results import BaselineResult, ControlResult, Results
from l7audit.assess.verdicts import DECIDED
from l7audit.journal import Baseline, KnownFinding
from l7audit.model import Verdict


def baseline_of(results: Results) -> Baseline:
    """An assessed run as another one keeps it to be compared with."""
    return Baseline(
        run=results.run,
        started=results.started,
        target=results.target,
        findings=[
            KnownFinding(
                fingerprint=f.fingerprint,
                control=f.control,
                place=f.place,
                statement=f.statement,
                severity=control.severity,
            )
            for control in results.controls
            for f in control.findings
        ],
    )


def compare(controls: Sequence[ControlResult], earlier: Baseline) -> BaselineResult:
    """What is new, fixed, unchanged and not re-tested since `earlier`.

    A finding is fixed only where its control was fully checked again: one that was left out, that
    no longer applies or that has a check without an answer was not re-tested.
    """
    now = {f.fingerprint: c.severity for c in controls for f in c.findings}
    then = {f.fingerprint: f for f in earlier.findings}
    retested = {c.id for c in controls if is_complete(c)}
    gone = then.keys() - now.keys()
    both = then.keys() & now.keys()
    return BaselineResult(
        run=earlier.run,
        new=sorted(now.keys() - then.keys()),
        fixed=sorted(f for f in gone if then[f].control in retested),
        unchanged=sorted(both),
        not_retested=sorted(f for f in gone if then[f].control not in retested),
        worse=sorted(f for f in both if now[f].weight > then[f].severity.weight),
        started=earlier.started,
        target=earlier.target,
    )


def is_complete(control: ControlResult) -> bool:
    """Whether a control was wholly checked, so that what it does not show is not there."""
    if any(check.verdict not in DECIDED for check in control.checks):
        return False
    if control.verdict == Verdict.FAIL:
        return bool(control.findings)  # one that says not where it failed may still fail there
    return control.verdict == Verdict.PASS
