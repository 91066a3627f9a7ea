"""Live progress of a proof: a line a control, once it met all its defects and near-misses."""

from __future__ import annotations

from collections import defaultdict

from rich.text import Text

from l7audit.cli.live import Bar
from l7audit.cli.terminal import counted, styled
from l7audit.hookspecs import hookimpl
from l7audit.journal import AnyRecord, ProofCell, RunStarted
from l7audit.model import Control


class Proving(Bar):
    """Listens to the cells of the matrix; the bar counts them."""

    _controls: dict[str, Control]
    _cells: dict[str, list[ProofCell]]

    @hookimpl
    def l7audit_observe_record(self, record: AnyRecord) -> None:
        """Shows what the record changes."""
        if isinstance(record, RunStarted):
            self._controls = {c.id: c for c in record.controls if c.id in record.planned}
            self._cells = defaultdict(list)
            cells = sum(_due(c) for c in self._controls.values())
            said = f"{counted(len(self._controls), 'control')}, {counted(cells, 'cell')}"
            self.expect(cells, f"{said} of the proof matrix")
        elif isinstance(record, ProofCell) and record.control in self._controls:
            self.advance()
            cells_of = self._cells[record.control]
            cells_of.append(record)
            if len(cells_of) == _due(self._controls[record.control]):
                self._decided(self._controls[record.control], cells_of)

    def _decided(self, control: Control, cells: list[ProofCell]) -> None:
        bad = [f"{c.variant}: {c.reason}" for c in cells if not c.ok]
        if not control.defects:
            bad.append("no defect is declared for it")
        name = Text(f"{control.id:<9} ", style="bold")
        if bad:
            more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            self.terminal.say(Text("gap     ", "bold red"), name, styled(bad[0] + more, ""))
            return
        met = f"  {counted(len(control.defects), 'defect')}, "
        met += counted(len(control.near_misses), "near-miss")
        self.terminal.say(
            Text("proven  ", "green"), name, styled(control.title, ""), Text(met, "dim")
        )


def _due(control: Control) -> int:
    """The cells of a control: the clean stack, and each variant that it names."""
    return 1 + len(control.defects) + len(control.near_misses)
