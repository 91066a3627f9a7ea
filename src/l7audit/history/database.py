"""The SQLite file of the history: opened for one purpose at a time, with tables of this version.

A rollback journal rather than a write-ahead log: writes are few and short, and home folders lie on
network drives, too.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from l7audit.errors import HistoryError

VARIABLE = "L7AUDIT_HISTORY"
"""Names the file to use instead of the user's own; `off` keeps none."""

OFF = "off"

_ELSEWHERE = f"Name another file with {VARIABLE}=FILE, or keep none with {VARIABLE}={OFF}."

WAIT = 5.0
"""Seconds to wait for another run that is writing."""

APPLICATION = 0x4C374155
"""What marks an SQLite file as ours (`L7AU`): nobody else's is ever written to."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            run TEXT PRIMARY KEY, started REAL NOT NULL, ended REAL NOT NULL,
            profile TEXT NOT NULL, provider TEXT NOT NULL, target TEXT NOT NULL,
            selected TEXT NOT NULL, source TEXT NOT NULL, profile_digest TEXT NOT NULL,
            suites_digest TEXT NOT NULL, target_digest TEXT NOT NULL,
            score REAL NOT NULL, score_with_waivers REAL NOT NULL, coverage REAL NOT NULL,
            outcome TEXT NOT NULL, decision TEXT NOT NULL, exit_code INTEGER NOT NULL,
            folder TEXT NOT NULL)""",
        "CREATE INDEX of_series ON runs (profile, provider, target, selected, started)",
        """CREATE TABLE areas (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, area TEXT NOT NULL, score REAL,
            coverage REAL NOT NULL, PRIMARY KEY (run, area))""",
        """CREATE TABLE controls (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, control TEXT NOT NULL,
            severity TEXT NOT NULL, verdict TEXT NOT NULL, complete INTEGER NOT NULL,
            PRIMARY KEY (run, control))""",
        """CREATE TABLE findings (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, fingerprint TEXT NOT NULL,
            control TEXT NOT NULL, place TEXT NOT NULL, severity TEXT NOT NULL,
            waived INTEGER NOT NULL, PRIMARY KEY (run, fingerprint))""",
        """CREATE TABLE targets (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, id TEXT NOT NULL,
            outcome TEXT NOT NULL, value REAL, PRIMARY KEY (run, id))""",
    ),
)
"""Each step brings a file from the version of its place to the next; none is ever changed."""


@contextmanager
def opened(path: Path | None, *, make: bool = False) -> Iterator[sqlite3.Connection]:
    """The file with its tables, brought to this version. Errors: `HistoryError`."""
    if path is None:
        raise HistoryError(
            "There is no home folder to keep the history in.",
            mend=f"Name a file in the environment: {VARIABLE}=FILE, or {VARIABLE}={OFF}",
        )
    try:
        if make:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        address = f"{path.as_uri()}?mode=rw"  # of a file that is write-protected it reads
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys = ON")
            _migrate(db, path)
            yield db
    except OSError as error:
        raise HistoryError(
            f"The history {path} cannot be written: {error.strerror}.", mend=_ELSEWHERE
        ) from error
    except sqlite3.OperationalError as error:
        raise HistoryError(
            f"The history {path} cannot be used: {error}.", mend=_ELSEWHERE
        ) from error
    except (OverflowError, UnicodeError) as error:
        raise HistoryError(f"The history {path} cannot keep it: {error}.") from error
    except (sqlite3.Error, msgspec.ValidationError) as error:
        raise HistoryError(
            f"The history {path} is damaged: {error}.",
            mend="Move it away, and read the runs in again: l7audit history import FOLDER",
        ) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Makes the tables, or brings them to this version. Errors: `HistoryError`."""
    db.execute("BEGIN")  # so that all is read of one moment: another process may be at it
    current = _version(db, path)
    db.execute("COMMIT")
    if current == len(MIGRATIONS):
        return
    with transaction(db):
        for step in MIGRATIONS[_version(db, path) :]:  # another process may have been quicker
            for statement in step:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _version(db: sqlite3.Connection, path: Path) -> int:
    (owner,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and owner != APPLICATION:
        raise HistoryError(f"{path} is an SQLite file, but no history.", mend=_ELSEWHERE)
    if version > len(MIGRATIONS):
        raise HistoryError(
            f"The history {path} was written by a newer version of l7audit.",
            mend=f"Use that one. {_ELSEWHERE}",
        )
    return int(version)


def insert(db: sqlite3.Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        places = ", ".join("?" * len(rows[0]))
        db.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
