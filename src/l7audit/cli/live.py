"""Live progress: a line a control as it is decided, and on a terminal a bar below them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Self

import msgspec
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from l7audit.assess.verdicts import DECIDED, control_evidence, plan_of
from l7audit.cli.streams import one_line
from l7audit.cli.terminal import Terminal, counted, styled, verdict_word
from l7audit.hookspecs import hookimpl
from l7audit.journal import (
    AnyRecord,
    CheckEnded,
    CheckStarted,
    Measurement,
    RunEnded,
    RunResumed,
    RunStarted,
    Violation,
    Witness,
)

Evidence = CheckStarted | CheckEnded | Witness | Violation | Measurement


class Bar:
    """What is under way. Use it as a context: at its end the bar is gone, the lines stay."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._bar = Progress(
            SpinnerColumn(),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=terminal.console,
            transient=True,
            disable=not terminal.live,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        if self.terminal.live:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.terminal.live:
            self._bar.stop()

    def progress(self, sentence: str) -> None:
        """Something slow begins: the bar's text on a terminal, a line elsewhere."""
        self.doing(one_line(sentence))
        if not self.terminal.live:
            self.terminal.say(styled(sentence, ""))

    def expect(self, steps: int, sentence: str) -> None:
        """The work is known: so many steps, said once."""
        self._bar.update(self._task, total=steps, description="")
        self.terminal.say(styled(sentence, "bold"))

    def doing(self, text: str) -> None:
        """The bar's text."""
        self._bar.update(self._task, description=text)

    def advance(self) -> None:
        """One step is done."""
        self._bar.advance(self._task)


class Live(Bar):
    """Listens to the journal of a run: a line a control, once its last check has ended."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._plan: RunStarted | None = None
        self._records: dict[str, list[AnyRecord]] = defaultdict(list)
        self._open: dict[str, set[str]] = {}
        self._running: dict[str, None] = {}
        self._earlier: Sequence[AnyRecord] = ()

    @hookimpl
    def l7audit_observe_record(self, record: AnyRecord) -> None:
        """Shows what the record changes."""
        if isinstance(record, RunStarted):
            self._begin(record)
        elif isinstance(record, RunResumed):
            self._recall(self._earlier)
        elif isinstance(record, Evidence):
            self._evidence(record)
        elif isinstance(record, RunEnded):
            self.doing("closing the target")

    def remember(self, records: Sequence[AnyRecord]) -> None:
        """Keeps what an unfinished run has left until the run really goes on."""
        self._earlier = records

    def _recall(self, records: Sequence[AnyRecord]) -> None:
        """What was decided before is counted, not said again."""
        plan = plan_of(records)
        answered = {r.check for r in records if isinstance(r, CheckEnded) and r.verdict in DECIDED}
        self._begin(plan)
        for record in records:
            if isinstance(record, Evidence):
                self._records[record.control].append(record)
        for control, checks in list(self._open.items()):
            checks -= answered
            if not checks:
                del self._open[control], self._records[control]
                self.advance()
        decided = len(plan.planned) - len(self._open)
        self.terminal.say(f"{decided} of them were decided before; the run goes on.")

    def _begin(self, plan: RunStarted) -> None:
        self._plan = plan
        self._open = {c: set(plan.checks.get(c, ())) for c in plan.planned}
        planned = len(plan.planned)
        said = f"{counted(planned, 'control')} of {plan.target}, seed {plan.seed}"
        self.expect(planned, said)

    def _evidence(self, record: Evidence) -> None:
        control = record.control
        self._records[control].append(record)
        if isinstance(record, CheckStarted):
            self._running[control] = None
        if isinstance(record, CheckEnded) and control in self._open:
            self._open[control].discard(record.check)
            if not self._open[control]:
                self._decided(control)
        self.doing(" ".join(list(self._running)[:4]))

    def _decided(self, control: str) -> None:
        """All checks of a control have ended: its verdict is what the assessment says of them."""
        if self._plan is None:
            return
        plan = msgspec.structs.replace(
            self._plan, planned=[control], checks={control: self._plan.checks.get(control, [])}
        )
        evidence = control_evidence([plan, *self._records.pop(control)])[0]
        del self._open[control]
        self._running.pop(control, None)
        seconds = sum(check.seconds for check in evidence.checks)
        self.terminal.say(
            verdict_word(evidence.verdict),
            Text(f"{control:<9} ", style="bold"),
            styled(evidence.control.title, ""),
            Text(f"  {seconds:.1f} s", style="dim"),
        )
        self.advance()
