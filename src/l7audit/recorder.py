"""The one place where a run's records enter the journal and are shown to whoever listens."""

from __future__ import annotations

import threading

from l7audit.errors import JournalError
from l7audit.journal import Journal, Record, StackEvent
from l7audit.plugins import Plugins

LOST = "lost"


class Recorder:
    """Journal first, then the listeners; safe to call from the crew's threads."""

    def __init__(self, journal: Journal, plugins: Plugins) -> None:
        self._journal = journal
        self._plugins = plugins
        self._lock = threading.Lock()
        self.path = journal.path
        self._refused: JournalError | None = None
        self.lost = 0

    def __call__(self, record: Record) -> None:
        """Writes a record and tells it.

        Errors: `JournalError` where it can't be written, and from then on: a record behind one
        that was cut would make the journal unreadable, should there be space again.
        """
        with self._lock:
            if self._refused is not None:
                raise self._refused
            try:
                written = self._journal.append(record)
            except JournalError as error:
                self._refused = error
                raise
            if isinstance(written, StackEvent) and written.event == LOST:
                self.lost += 1
            self._plugins.manager.hook.l7audit_observe_record(record=written)
