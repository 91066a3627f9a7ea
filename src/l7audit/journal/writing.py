"""Appending to a journal."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

import msgspec

from l7audit.errors import JournalError
from l7audit.journal.reading import lines, without_records
from l7audit.journal.records import AnyRecord, Record, digest, encode


class Journal:
    """The writer: one process, one file; each record gets its number, the time and the chain.

    The kernel holds the file locked for it, and lets go however the process ends.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        """Opens a new file, or one to go on with.

        Errors: `JournalError` where it exists or can't be made, where there is nothing to go on
        with, or where another run is writing it.
        """
        self.path = path
        self._seq = 0
        self._prev = ""
        flags = os.O_WRONLY | os.O_APPEND | (0 if resume else os.O_CREAT | os.O_EXCL)
        try:
            self._fd = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise JournalError(f"{path} exists already.", mend="Choose another --out.") from error
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror}.") from error
        try:
            self._lock()
            if resume and next(lines(path), None) is None:
                raise without_records(path)
            self.mend()
        except BaseException:
            os.close(self._fd)
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(
                f"{self.path} is being written by another run.",
                mend="Wait for its end, or stop it; then go on with it.",
            ) from error
        except OSError as error:
            raise JournalError(
                f"{self.path} cannot be locked: {error.strerror}.",
                mend="Choose a folder on a local disk with --out.",
            ) from error

    def mend(self) -> int:
        """Finds the chain's end, drops what was cut behind it, and tells how many records stand.

        For a run to go on with, and after an `append` that an interrupt may have cut.
        """
        whole, last = 0, b""
        self._seq, self._prev = 0, ""
        for last, record in lines(self.path):
            whole += len(last) + 1
            self._seq = record.seq
        if self._seq:
            self._prev = digest(last)
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)
        return self._seq

    def append(self, record: Record) -> AnyRecord:
        """Writes the record and returns it as written. Errors: `JournalError` (disk full)."""
        stamped = msgspec.structs.replace(
            record, seq=self._seq + 1, time=record.time or time.time(), prev=self._prev
        )
        line = encode(stamped)
        try:
            written = os.write(self._fd, line + b"\n")
            if written != len(line) + 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            again = f"go on with: l7audit run --resume {self.path.parent}"
            raise JournalError(
                f"The journal {self.path} cannot be written: {error.strerror}.",
                mend=f"Free some space, then {again if self._seq else 'start a new run.'}",
            ) from error
        self._seq, self._prev = self._seq + 1, digest(line)
        return stamped  # type: ignore[return-value]

    def close(self) -> None:
        """Hands the records to the disk and closes the file, which is removed if it holds none.

        Calling it again does nothing.
        """
        if self._fd >= 0:
            if not self._seq:
                self.path.unlink(missing_ok=True)
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
