"""A repository that is a folder: a folder a backup, named by its id.

A new one lies under a hidden name until all of it is on the disk, and then gets its own at once. So
whatever is interrupted looks like no backup; the next one to be taken clears it away.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from l7audit_stack.backups.interface import BackupError

ARCHIVE = "archive.sealed"
MANIFEST = "manifest.json"
_MOST_MANIFEST = 64 * 1024
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class FolderRepository:
    """Private folders below `root`, which is made when the first backup is taken."""

    root: Path

    @contextmanager
    def begin(self, backup: str) -> Iterator[UnfinishedFolder]:
        """One at a time; a second one is refused."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(
                    f"Another backup is being taken into {self.root}: wait until it is done."
                ) from None
            for leftover in self.root.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(leftover)
            folder = self.root / f"{_UNFINISHED}{backup}"
            folder.mkdir(mode=0o700)
            try:
                with _created(folder / ARCHIVE) as file:
                    yield UnfinishedFolder(folder, self.root / backup, file)
            finally:
                if folder.exists():
                    shutil.rmtree(folder)
        finally:
            os.close(lock)

    def ids(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(p.name for p in self.root.iterdir() if _ID.fullmatch(p.name) and p.is_dir())

    def place(self, backup: str) -> Path:
        if backup not in self.ids():
            raise BackupError(f"There is no backup '{backup}' in {self.root}.")
        return self.root / backup

    def manifest(self, backup: str) -> bytes:
        with (self.place(backup) / MANIFEST).open("rb") as file:
            return file.read(_MOST_MANIFEST)

    def archive(self, backup: str) -> BinaryIO:
        return (self.place(backup) / ARCHIVE).open("rb")

    def remove(self, backup: str) -> None:
        # First it stops looking like a backup: removing may be interrupted, too.
        away = self.root / f"{_UNFINISHED}{backup}"
        self.place(backup).rename(away)
        shutil.rmtree(away)


@dataclass(frozen=True)
class FolderObjects:
    """Private files in one folder, which is made with the first of them."""

    root: Path

    def names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(p.name for p in self.root.iterdir() if not p.name.startswith("."))

    def place(self) -> str:
        return str(self.root)

    def put(self, name: str, content: bytes) -> None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self.root / f"{_UNFINISHED}{name}"
        unfinished.unlink(missing_ok=True)
        with _created(unfinished) as file:
            file.write(content)
            _sync(file)
        unfinished.rename(self.root / name)
        _sync_folder(self.root)

    def get(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class UnfinishedFolder:
    """A backup under its hidden name."""

    folder: Path
    target: Path
    file: BinaryIO

    def write(self, piece: bytes) -> None:
        self.file.write(piece)

    def publish(self, manifest: bytes) -> None:
        _sync(self.file)
        with _created(self.folder / MANIFEST) as file:
            file.write(manifest)
            _sync(file)
        _sync_folder(self.folder)
        self.folder.rename(self.target)
        _sync_folder(self.target.parent)


def _created(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
