"""Backups of the target, taken for a check and removed after it.

What is in one is full of secrets: it is for looking something up, and reaches no record.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from l7audit.errors import ProviderError
from l7audit.harness.orders import Orders
from l7audit.model import Backup, BackupControl


class Backups:
    """A context manager; what it took is removed in the end. Errors of all: `ProviderError`."""

    def __init__(self, control: BackupControl) -> None:
        self._control = control
        self._taken: list[Backup] = []

    def __enter__(self) -> Self:
        self._orders = Orders(self._control.control, "The target's backup")
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for backup in self._taken:
                self._orders.give(f"remove {backup.id}")
        finally:
            self._orders.let_go()

    def take(self) -> Backup:
        """A new one."""
        try:
            backup = msgspec.json.decode(self._orders.give("take"), type=Backup)
        except msgspec.DecodeError as error:
            raise ProviderError("The target's backup does not say where it lies.") from error
        self._taken.append(backup)
        return backup

    @contextmanager
    def opened(self, backup: Backup) -> Iterator[Path]:
        """What was backed up, in a file that is removed after the block. Errors: also where the
        target refuses to open it."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "opened"
            self._orders.give(f"open {backup.id} {file}")
            yield file

    def keys(self) -> dict[str, bytes]:
        """The files that hold what opens backups, by name; none where the provider names none.
        Errors: where they can't be read."""
        if not self._control.keys:
            return {}
        place = Path(self._control.keys)
        try:
            files = [place] if place.is_file() else sorted(place.iterdir())
            return {file.name: file.read_bytes() for file in files if file.is_file()}
        except OSError as error:
            raise ProviderError(f"The keys of backups can't be read: {error.strerror}.") from error
