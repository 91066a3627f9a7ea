"""One run of checks against one opened target: it begins them and writes down their ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from l7audit.assess.assess import LEFT_BEHIND
from l7audit.errors import (
    AuditError,
    BudgetSpentError,
    CredentialError,
    OutOfScopeError,
    ScanError,
    TargetLostError,
)
from l7audit.harness.check import Check
from l7audit.harness.context import Context
from l7audit.harness.originals import Originals
from l7audit.harness.recent import Recent
from l7audit.harness.saying import Ended
from l7audit.harness.scans import Scans
from l7audit.harness.traces import Traces
from l7audit.journal import CheckEnded, CheckStarted, Record, StackEvent
from l7audit.model import Control, Verdict
from l7audit.probe.probe import Probe
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel

CUT_SHORT = (BudgetSpentError, CredentialError, OutOfScopeError, ScanError, TargetLostError)
"""What keeps a check from finishing without being its own fault, nor the control's."""


class Running:
    """What all checks of a run share, in the process that runs them."""

    def __init__(self, context: Context, sink: Callable[[Record], None]) -> None:
        self.context = context
        self._sink = sink
        self.model = TargetModel.of(
            context.document, context.target, seed=context.seed, learnt=context.learnt
        )
        self.probe = Probe(
            context.target,
            sink,
            limits=context.budget,
            safety=context.safety,
            refusals=context.learnt.refusals,
        )
        self.sessions = Sessions(self.model, self.probe)
        self._recent = Recent()
        self.probe.watch(self._recent.notice)
        # A stack of ours ends with the run; what is somebody's is left as it was.
        self._traces = Traces(self.model) if context.target.provider == "external" else None
        if self._traces is not None:
            self._originals = Originals(self.model)
            self.probe.watch(self._traces.notice)
            self.probe.watch(self._originals.notice)
        self.scans = Scans(context, self.sessions)

    def sink(self, record: Record) -> None:
        """Passes a record of a check on, without the secrets that the check may have quoted."""
        self._sink(self.probe.redactor.record(record))

    def begin(self, control: Control, name: str) -> Check:
        """Begins a check: from here on it ends with exactly one verdict."""
        self.sink(CheckStarted(check=name, control=control.id))
        probe = self.probe.for_check(name)
        return Check(
            self.context,
            control,
            name,
            self.sink,
            self.model,
            probe,
            self.sessions.using(probe),
            self.scans,
            self._recent,
        )

    def end(self, check: Check, trouble: BaseException | None, started: float) -> Ended:
        """Writes down what a check ended with, after its traces at the target are removed."""
        end = self._verdict(check, trouble)
        if check.shut_out:  # whatever ended the session, the next check begins with a new one
            for identity in self.context.target.identities:
                self.sessions.forget(identity)
        self._tidy(check)
        self._remove_traces(check)
        self.sink(
            CheckEnded(
                check=check.name,
                control=check.control.id,
                verdict=end.verdict,
                reason=end.reason,
                seconds=round(time.perf_counter() - started, 4),
                looked_at=check.looked_at,
            )
        )
        return end

    def _verdict(self, check: Check, trouble: BaseException | None) -> Ended:
        """What the end of a check's function, or what it raised, says."""
        if trouble is None:
            try:
                return check.close()
            except Exception as late:  # noqa: BLE001 - the closing witness may break as any code
                trouble = late
        if isinstance(trouble, TargetLostError):
            self.sink(StackEvent(component="target", event="lost", detail={"why": str(trouble)}))
        if isinstance(trouble, Ended):
            return check.close(trouble)
        if isinstance(trouble, CUT_SHORT):
            return check.close(Ended(Verdict.INCONCLUSIVE, str(trouble)))
        reason = str(trouble) if isinstance(trouble, AuditError) else _where(trouble)
        return check.close(Ended(Verdict.ERROR, reason))

    def _tidy(self, check: Check) -> None:
        """Removes what the check created; what can't be removed is said in the journal."""
        try:
            left = [a for a in check.sessions.clean() if not a.ok and a.status != 404]
        except AuditError as error:
            check.observe(f"What the check created could not be removed: {error}")
            return
        if left:
            check.observe("Something that the check created could not be removed.", *left)

    def _remove_traces(self, check: Check) -> None:
        """Removes what the check made besides; the report lists what stays."""
        if self._traces is None:
            return
        for place, count in self._traces.clean(check.probe).items():
            detail = {"what": place, "count": count}
            self.sink(StackEvent(component="target", event=LEFT_BEHIND, detail=detail))
        for place, names in self._originals.put_back(check.probe):
            detail = {"what": place, "changed": list(names)}
            self.sink(StackEvent(component="target", event=LEFT_BEHIND, detail=detail))

    def close(self) -> None:
        """Lets go of the probe's connections."""
        self.probe.close()


def _where(error: BaseException) -> str:
    """An unexpected exception in one line, with the innermost frame of the check's own code."""
    frame = error.__traceback__
    place = ""
    while frame is not None:
        path = Path(frame.tb_frame.f_code.co_filename)
        if path.name.startswith("test_"):
            place = f" at {path.parent.name}/{path.name}:{frame.tb_lineno}"
        frame = frame.tb_next
    return f"{type(error).__name__}: {error}{place}"
