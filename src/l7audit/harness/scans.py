"""Runs scanners for checks: each once for all checks of one process against one target."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

from l7audit.errors import AuditError, ScanError
from l7audit.harness.context import Context
from l7audit.hookspecs import Scanner
from l7audit.journal import Exchange, Record
from l7audit.scanning import Ground, Scan
from l7audit.target.sessions import Sessions


class Scans:
    """What the scanners said, and the exchanges that they had and nobody has told yet."""

    def __init__(self, context: Context, sessions: Sessions) -> None:
        self._context = context
        self._sessions = sessions
        self._said: dict[str, tuple[str, Scan] | AuditError] = {}
        self._exchanges: dict[str, Exchange] = {}

    def of(self, name: str) -> tuple[str, Scan]:
        """A scanner's version and its report. Errors: `ScanError`, and what the probe raises."""
        if name not in self._said:
            try:
                self._said[name] = self._scan(name)
            except AuditError as error:
                self._said[name] = error
            except Exception as error:  # noqa: BLE001 - somebody's scanner may break as any code
                what = f"{type(error).__name__}: {error}"
                self._said[name] = ScanError(f"The scanner {name!r} broke: {what[:300]}.")
        said = self._said[name]
        if isinstance(said, AuditError):
            raise said
        return said

    def kept(self, exchanges: Iterable[str]) -> list[Exchange]:
        """Those of the exchanges that were not asked for before."""
        return [e for i in exchanges if (e := self._exchanges.pop(i, None)) is not None]

    def _scan(self, name: str) -> tuple[str, Scan]:
        scanner = self._scanner(name)
        version = scanner.version()
        if not version:
            raise ScanError(f"The scanner {name!r} is not installed.", mend=scanner.mend)
        quiet = self._sessions.using(self._sessions.probe.for_check(name, sink=self._keep))
        with tempfile.TemporaryDirectory(prefix="l7audit-scan-") as folder:
            ground = Ground(
                self._context.target,
                self._context.document,
                self._context.seed,
                Path(folder),
                quiet,
            )
            try:
                return version, scanner.scan(ground)
            finally:
                quiet.clean()

    def _scanner(self, name: str) -> Scanner:
        where = self._context.scanners.get(name)
        if where is None:
            raise ScanError(f"No plugin offers the scanner {name!r}.")
        module, _, kind = where.partition(":")
        found = getattr(importlib.import_module(module), kind)()
        if not isinstance(found, Scanner):
            raise ScanError(f"The scanner {name!r} is no instance of l7audit.hookspecs.Scanner.")
        return found

    def _keep(self, record: Record) -> None:
        if isinstance(record, Exchange):
            self._exchanges[record.id] = record
