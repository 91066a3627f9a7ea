"""A history that no run fails by."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from l7audit.assess.results import Results
from l7audit.errors import HistoryError
from l7audit.history.history import History
from l7audit.history.kept import Series
from l7audit.journal import PastRun


@dataclass(slots=True)
class Keeper:
    """A history for a run: what goes wrong with it is kept in `troubles` and stops nothing."""

    history: History | None = None
    troubles: list[str] = field(default_factory=list)

    def past(self, series: Series) -> list[PastRun]:
        """The trend so far; nothing where it cannot be read."""
        try:
            return self.history.past(series) if self.history else []
        except HistoryError as error:
            self._note(error)
            return []

    def add(self, results: Results, folder: Path) -> None:
        """Keeps a run, if that can be."""
        try:
            if self.history:
                self.history.add(results, folder)
        except HistoryError as error:
            self._note(error)

    def _note(self, error: HistoryError) -> None:
        if str(error) not in self.troubles:
            self.troubles.append(str(error))
