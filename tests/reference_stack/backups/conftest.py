"""Backups of a source that only pretends, in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from l7audit_stack.api.provision import provision
from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.folder import FolderObjects, FolderRepository
from l7audit_stack.backups.interface import BackupError
from l7audit_stack.backups.keys import BackupKeys
from l7audit_stack.backups.sealing import ChunkedGcm
from l7audit_stack.backups.wal_archive import WalArchive

ROWS = b"rows of the database " * 100_000
END = b'"WAL-Ranges": [\n{ "Timeline": 1, "Start-LSN": "0/A28", "End-LSN": "0/B120" }\n]'


@dataclass
class Pretended:
    """Gives what it is told to."""

    pieces: list[bytes] = field(default_factory=lambda: [ROWS, END])
    breaks: BaseException | None = None
    checked: bytes = b""

    def version(self) -> str:
        return "PostgreSQL 18"

    @contextmanager
    def stream(self) -> Iterator[Iterator[bytes]]:
        yield self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.breaks is not None:
            raise self.breaks

    def check(self, archive: Iterator[bytes]) -> None:
        self.checked = b"".join(archive)


@pytest.fixture
def source() -> Pretended:
    return Pretended()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    provision(tmp_path / "secrets")
    return tmp_path / "secrets"


@pytest.fixture
def backups(tmp_path: Path, source: Pretended, secrets: Path) -> Backups:
    repository = FolderRepository(tmp_path / "backups")
    keys = BackupKeys(secrets / "backup")
    wal = WalArchive(ChunkedGcm(), FolderObjects(tmp_path / "backups" / "wal"), keys)
    return Backups(source, ChunkedGcm(), repository, keys, wal)


@pytest.fixture
def failure() -> BackupError:
    return BackupError("PostgreSQL gave no backup.")
