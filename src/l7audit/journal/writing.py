"""Appending to a journal."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec

from l7audit.errors import JournalError
from l7audit.journal.reading import lines
from l7audit.journal.records import AnyRecord, Record, digest, encode


class Journal:
    """The writer: one process, one file; each record gets its number, the time and the chain."""

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        """Opens `path` for appending. Errors: `JournalError` where it exists or can't be made."""
        self.path = path
        self._seq = 0
        self._prev = ""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | (0 if resume else os.O_EXCL)
        try:
            if resume:
                self._repair()
            self._fd = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise JournalError(f"{path} exists already.", mend="Choose another --out.") from error
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror}.") from error

    def _repair(self) -> None:
        """Finds the chain's end and drops a line that was cut behind it."""
        whole, last = 0, b""
        for last, record in lines(self.path):
            whole += len(last) + 1
            self._seq = record.seq
        if last:
            self._prev = digest(last)
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    def append(self, record: Record) -> AnyRecord:
        """Writes the record and returns it as written. Errors: `JournalError` (disk full)."""
        self._seq += 1
        stamped = msgspec.structs.replace(
            record, seq=self._seq, time=record.time or time.time(), prev=self._prev
        )
        line = encode(stamped)
        self._prev = digest(line)
        try:
            written = os.write(self._fd, line + b"\n")
            if written != len(line) + 1:
                raise OSError(28, "No space left on device")
        except OSError as error:
            raise JournalError(
                f"The journal {self.path} cannot be written: {error.strerror}.",
                mend=f"Free some space, then go on with: l7audit run --resume {self.path.parent}",
            ) from error
        return stamped  # type: ignore[return-value]

    def close(self) -> None:
        """Hands the records to the disk and closes the file. Calling it again does nothing."""
        if self._fd >= 0:
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
