"""Reading a journal: a record at a time, each checked, so that memory does not grow with it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from l7audit.errors import DamagedJournalError, ForeignJournalError
from l7audit.journal.records import FORMAT, AnyRecord, Exchange, RunStarted, decode, digest

LONGEST = 64 * 1024 * 1024
"""Bytes; no record of ours comes near, so a longer line is not one."""

Opening = Callable[[], BinaryIO]
"""Opens a journal's bytes from their start, wherever they are kept."""


class _Named(msgspec.Struct):
    """Of an exchange only its id, which is all that most of them are asked for."""

    id: str


_named = msgspec.json.Decoder(_Named)
_EXCHANGE = b'{"type":"exchange",'
_BEGINS = b"{"


class Records:
    """The records of a journal on disk, read anew each time they are gone through.

    Each reading checks every record, its number and the chain, and raises `JournalError` where
    the file is no journal, has another format, or is damaged anywhere but at its end. A last line
    that was cut is dropped (the run was killed there).
    """

    def __init__(self, path: Path, opening: Opening | None = None) -> None:
        """Reads the first record; `opening` is for a journal within another file.

        Errors: `JournalError`.
        """
        self.path = path
        self._opening = opening or (lambda: _opened(path))
        _, first = next(lines(path, self._opening), (b"", None))
        if first is None:
            raise without_records(path)
        if not isinstance(first, RunStarted):
            raise ForeignJournalError(
                f"{path} does not begin with a run record, so it is no journal."
            )
        self.started = first

    def __iter__(self) -> Iterator[AnyRecord]:
        return (record for _, record in self.lines())

    def lines(self) -> Iterator[tuple[bytes, AnyRecord]]:
        """The whole lines, without their newlines, each with its record. Errors: `JournalError`."""
        return lines(self.path, self._opening)

    def exchanges(self, ids: Collection[str]) -> dict[str, Exchange]:
        """The exchanges of these ids, by id; what the journal does not hold is left out."""
        wanted = set(ids)
        found: dict[str, Exchange] = {}
        if not wanted:
            return found
        with self._opening() as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break  # cut, as in `lines`
                if line.startswith(_EXCHANGE) and _named.decode(line).id in wanted:
                    record = decode(line)
                    assert isinstance(record, Exchange)  # the tag says so
                    found[record.id] = record
        return found


def without_records(path: Path) -> ForeignJournalError:
    """What to say of an empty journal, or one whose first record was cut."""
    return ForeignJournalError(
        f"{path} holds no records: its run was stopped before it had begun.",
        mend="Start a new run: l7audit run",
    )


def read(path: Path) -> list[AnyRecord]:
    """All records of a journal at once. Errors: as `Records`."""
    return list(Records(path))


def lines(path: Path, opening: Opening | None = None) -> Iterator[tuple[bytes, AnyRecord]]:
    """The whole lines of a journal, without their newlines, each with its record.

    Errors: `JournalError`.
    """
    seq, prev = 0, ""
    with opening() if opening else _opened(path) as file:
        if file.read(1) not in (b"", _BEGINS):
            raise ForeignJournalError(f"{path} is no journal: it does not begin with a record.")
        file.seek(0)
        while line := file.readline(LONGEST):
            if not line.endswith(b"\n"):
                if len(line) == LONGEST:
                    raise DamagedJournalError(f"{path}, line {seq + 1}, is longer than any record.")
                return  # the line that was being written when the run was killed
            line = line[:-1]
            seq += 1
            record = _checked(path, seq, prev, line)
            prev = digest(line)
            yield line, record


def _checked(path: Path, number: int, prev: str, line: bytes) -> AnyRecord:
    try:
        record = decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        if number == 1:
            raise ForeignJournalError(f"{path} is no journal: {_cause(error)}.") from error
        raise DamagedJournalError(
            f"{path}, line {number}, is not a record: {_cause(error)}."
        ) from error
    if isinstance(record, RunStarted) and number == 1 and record.format != FORMAT:
        raise ForeignJournalError(
            f"{path} has format {record.format}; this version reads {FORMAT}.",
            mend="Render it with the version of l7audit that wrote it.",
        )
    if record.seq != number:
        raise DamagedJournalError(
            f"{path}, line {number}: record {record.seq} stands where "
            f"{number} should; records were dropped, added or reordered."
        )
    if record.prev != prev:
        raise DamagedJournalError(
            f"{path}, lines {number - 1} and {number} do not belong together: "
            "one of them was changed after it was written."
        )
    if isinstance(record, RunStarted) and number > 1:
        raise DamagedJournalError(
            f"{path}, line {number}, begins another run: a journal holds one.",
            mend="Render each run from a journal of its own.",
        )
    return record


def _cause(error: Exception) -> str:
    return "it nests too deep" if isinstance(error, RecursionError) else str(error).rstrip(".")


def _opened(path: Path) -> BinaryIO:
    """A regular file; a pipe would never end, or could not be read twice."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                kind = "a folder" if path.is_dir() else "no file on a disk"
                raise ForeignJournalError(f"{path} is {kind}, so it is no journal.")
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise ForeignJournalError(f"{path} cannot be read: {error.strerror}.") from error
