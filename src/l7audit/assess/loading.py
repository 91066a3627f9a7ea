"""The results of an earlier run, from whatever its user still has of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from l7audit.assess.assess import assess, day_of
from l7audit.assess.results import SCHEMA, Results, decode
from l7audit.errors import AuditError, UsageError
from l7audit.folders import JOURNAL, RESULTS
from l7audit.journal import Records

LARGEST = 256 * 1024 * 1024
"""Bytes of a `results.json`; none of ours comes near."""

_JOURNAL_BEGINS = b'{"type":'


class _Head(msgspec.Struct):
    schema: str = ""


def load_results(path: Path) -> Results:
    """The results of a run, by its folder, its `results.json` or its journal.

    In a folder it is `results.json`, and the journal where that cannot be used.
    Errors: `UsageError` for what is no run of ours or of another schema, `JournalError`.
    """
    if not path.is_dir():
        return _journal(path) if _is_journal(path) else _results(path)
    results, journal = path / RESULTS, path / JOURNAL
    if not results.is_file() and not journal.is_file():
        raise UsageError(
            f"{path} holds no run.", mend=f"Name a run's folder, its {RESULTS} or its journal."
        )
    if not results.is_file():
        return _journal(journal)
    try:
        return _results(results)
    except AuditError:
        if not journal.is_file():
            raise
        return _journal(journal)


def _journal(path: Path) -> Results:
    records = Records(path)
    return assess(records, day_of(records.started))


def _results(path: Path) -> Results:
    data = _read(path, LARGEST + 1)
    if len(data) > LARGEST:
        raise UsageError(f"{path} is larger than any results.")
    try:
        schema = msgspec.json.decode(data, type=_Head).schema
        if schema != SCHEMA:
            said = f"has the schema {schema[:60]!r}" if schema else "names no schema"
            raise UsageError(
                f"{path} {said}; this version reads {SCHEMA!r}.",
                mend="Write it again from its journal: l7audit report FOLDER",
            )
        return decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        cause = "it nests too deep" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"{path} holds no results: {cause.rstrip('.')}.") from error


def _is_journal(path: Path) -> bool:
    return path.suffix == ".jsonl" or _read(path, len(_JOURNAL_BEGINS)) == _JOURNAL_BEGINS


def _read(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
