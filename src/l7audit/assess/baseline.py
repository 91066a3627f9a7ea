"""This run's findings against an earlier run's, by fingerprint."""

from __future__ import annotations

from l7audit.assess.results import BaselineResult, ControlResult, Results
from l7audit.assess.verdicts import DECIDED
from l7audit.model import Verdict


def compare(controls: list[ControlResult], earlier: Results) -> BaselineResult:
    """What is new, fixed, unchanged and not re-tested since `earlier`.

    A finding is fixed only where its control was fully checked again: one that was left out, that
    no longer applies or that has a check without an answer was not re-tested.
    """
    now = {f.fingerprint for c in controls for f in c.findings}
    then = {f.fingerprint: c.id for c in earlier.controls for f in c.findings}
    retested = {c.id for c in controls if _complete(c)}
    gone = then.keys() - now
    return BaselineResult(
        run=earlier.run,
        new=sorted(now - then.keys()),
        fixed=sorted(f for f in gone if then[f] in retested),
        unchanged=sorted(now & then.keys()),
        not_retested=sorted(f for f in gone if then[f] not in retested),
    )


def _complete(control: ControlResult) -> bool:
    return control.verdict in (Verdict.PASS, Verdict.FAIL) and all(
        check.verdict in DECIDED for check in control.checks
    )
