"""This run's findings against an earlier run's, by fingerprint."""

from __future__ import annotations

from l7audit.assess.results import BaselineResult, ControlResult, Results
from l7audit.assess.verdicts import DECIDED
from l7audit.journal import Baseline, KnownFinding
from l7audit.model import Verdict


def baseline_of(results: Results) -> Baseline:
    """An assessed run as another one keeps it to be compared with."""
    return Baseline(
        run=results.run,
        started=results.started,
        findings=[
            KnownFinding(
                fingerprint=f.fingerprint,
                control=f.control,
                place=f.place,
                statement=f.statement,
            )
            for control in results.controls
            for f in control.findings
        ],
    )


def compare(controls: list[ControlResult], earlier: Baseline) -> BaselineResult:
    """What is new, fixed, unchanged and not re-tested since `earlier`.

    A finding is fixed only where its control was fully checked again: one that was left out, that
    no longer applies or that has a check without an answer was not re-tested.
    """
    now = {f.fingerprint for c in controls for f in c.findings}
    then = {f.fingerprint: f.control for f in earlier.findings}
    retested = {c.id for c in controls if is_complete(c)}
    gone = then.keys() - now
    return BaselineResult(
        run=earlier.run,
        new=sorted(now - then.keys()),
        fixed=sorted(f for f in gone if then[f] in retested),
        unchanged=sorted(now & then.keys()),
        not_retested=sorted(f for f in gone if then[f] not in retested),
    )


def is_complete(control: ControlResult) -> bool:
    """Whether a control was wholly checked, so that what it does not show is not there."""
    return control.verdict in (Verdict.PASS, Verdict.FAIL) and all(
        check.verdict in DECIDED for check in control.checks
    )
