"""Reading a journal: a record at a time, each checked, so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from l7audit.errors import JournalError
from l7audit.journal.records import FORMAT, AnyRecord, Exchange, RunStarted, decode, digest

LONGEST = 64 * 1024 * 1024
"""Bytes; no record of ours comes near, so a longer line is not one."""


class _Named(msgspec.Struct):
    """Of an exchange only its id, which is all that most of them are asked for."""

    id: str


_named = msgspec.json.Decoder(_Named)
_EXCHANGE = b'{"type":"exchange",'


class Records:
    """The records of a journal on disk, read anew each time they are gone through.

    Each reading checks every record, its number and the chain, and raises `JournalError` where
    the file is no journal, has another format, or is damaged anywhere but at its end. A last line
    that was cut is dropped (the run was killed there).
    """

    def __init__(self, path: Path) -> None:
        """Reads the first record. Errors: `JournalError`."""
        self.path = path
        _, first = next(lines(path), (b"", None))
        if first is None:
            raise without_records(path)
        if not isinstance(first, RunStarted):
            raise JournalError(f"{path} does not begin with a run record, so it is no journal.")
        self.started = first

    def __iter__(self) -> Iterator[AnyRecord]:
        return (record for _, record in lines(self.path))

    def exchanges(self, ids: Collection[str]) -> dict[str, Exchange]:
        """The exchanges of these ids, by id; what the journal does not hold is left out."""
        wanted = set(ids)
        found: dict[str, Exchange] = {}
        if not wanted:
            return found
        with _opened(self.path) as file:
            for line in file:
                if line.startswith(_EXCHANGE) and _named.decode(line).id in wanted:
                    record = decode(line)
                    assert isinstance(record, Exchange)  # the tag says so
                    found[record.id] = record
        return found


def without_records(path: Path) -> JournalError:
    """What to say of an empty journal, or one whose first record was cut."""
    return JournalError(
        f"{path} holds no records: its run was stopped before it had begun.",
        mend="Start a new run: l7audit run",
    )


def read(path: Path) -> list[AnyRecord]:
    """All records of a journal at once. Errors: as `Records`."""
    return list(Records(path))


def lines(path: Path) -> Iterator[tuple[bytes, AnyRecord]]:
    """The whole lines of a journal, without their newlines, each with its record.

    Errors: `JournalError`.
    """
    seq, prev = 0, ""
    with _opened(path) as file:
        while line := file.readline(LONGEST):
            if not line.endswith(b"\n"):
                if len(line) == LONGEST:
                    raise JournalError(f"{path}, line {seq + 1}, is longer than any record.")
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
            raise JournalError(f"{path} is no journal: {_cause(error)}.") from error
        raise JournalError(f"{path}, line {number}, is not a record: {_cause(error)}.") from error
    if isinstance(record, RunStarted) and number == 1 and record.format != FORMAT:
        raise JournalError(
            f"{path} has format {record.format}; this version reads {FORMAT}.",
            mend="Render it with the version of l7audit that wrote it.",
        )
    if record.seq != number:
        raise JournalError(
            f"{path}, line {number}: record {record.seq} stands where "
            f"{number} should; records were dropped, added or reordered."
        )
    if record.prev != prev:
        raise JournalError(
            f"{path}, lines {number - 1} and {number} do not belong together: "
            "one of them was changed after it was written."
        )
    return record


def _cause(error: Exception) -> str:
    return "it nests too deep" if isinstance(error, RecursionError) else str(error).rstrip(".")


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}.") from error
