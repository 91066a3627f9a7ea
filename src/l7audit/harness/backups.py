"""Backups of the target, taken for a check and removed after it, and what is restored from them.

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
from l7audit.model import Backup, BackupControl, Restored


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

    @property
    def restores(self) -> bool:
        """Whether it can be restored at all, beside what runs."""
        return self._control.restores

    def verify(self, backup: Backup) -> str:
        """What the target itself finds wrong with a backup and what was archived after it; empty
        for nothing."""
        return self._orders.give(f"verify {backup.id}")

    def name_point(self, name: str) -> None:
        """Has the target give this moment a name that can be restored to."""
        self._orders.give(f"point {name}")

    @contextmanager
    def restored(self, backup: Backup, *, time: str = "", point: str = "") -> Iterator[Restored]:
        """A scratch database made from a backup and what was archived after it: the latest, or as
        of a time (RFC 3339) or a point. It is removed after the block. Errors: also where the
        target refuses."""
        to = f" time {time}" if time else f" point {point}" if point else ""
        try:
            told = self._orders.give(f"restore {backup.id}{to}")
            try:
                restored = msgspec.json.decode(told, type=Restored)
            except msgspec.DecodeError as error:
                raise ProviderError("The target's restore does not say where it is.") from error
            yield restored
        finally:
            self._orders.give("drop")

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
