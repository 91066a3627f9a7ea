"""The bank's database: SQLite in the service's folder, one connection behind a lock."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE members (
  id TEXT PRIMARY KEY, email TEXT UNIQUE NOT NULL, password TEXT NOT NULL,
  display_name TEXT NOT NULL, bio TEXT NOT NULL DEFAULT '', role TEXT NOT NULL DEFAULT 'member',
  trust_level INTEGER NOT NULL DEFAULT 0, joined TEXT NOT NULL, epoch INTEGER NOT NULL DEFAULT 0,
  gifted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE ended_tokens (jti TEXT PRIMARY KEY, expires INTEGER NOT NULL);
CREATE TABLE reset_codes (
  member TEXT PRIMARY KEY, code TEXT NOT NULL, expires INTEGER NOT NULL, tries INTEGER NOT NULL
);
CREATE TABLE wallets (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES members, label TEXT NOT NULL,
  balance INTEGER NOT NULL DEFAULT 0, opened INTEGER NOT NULL
);
CREATE TABLE transfers (
  number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, source TEXT NOT NULL,
  destination TEXT NOT NULL, minutes INTEGER NOT NULL, note TEXT NOT NULL, made TEXT NOT NULL
);
CREATE TABLE vouchers (
  code TEXT PRIMARY KEY, giver TEXT NOT NULL, minutes INTEGER NOT NULL, redeemed_by TEXT
);
CREATE TABLE offers (
  number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, owner TEXT NOT NULL, title TEXT NOT NULL,
  text TEXT NOT NULL, minutes INTEGER NOT NULL, published TEXT NOT NULL
);
CREATE TABLE hooks (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, url TEXT NOT NULL, event TEXT NOT NULL
);
CREATE TABLE deliveries (id TEXT PRIMARY KEY, hook TEXT NOT NULL, queued TEXT NOT NULL);
"""

Row = dict[str, Any]


class Store:
    """Runs statements; a transaction keeps everybody else out until it ends."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            folder / "timebank.sqlite", isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, alone."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def run(self, statement: str, *values: object) -> int:
        """The number of rows that a statement changed."""
        with self._lock:
            return self._db.execute(statement, values).rowcount

    def all(self, statement: str, *values: object) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return [dict(r) for r in self._db.execute(statement, values)]

    def one(self, statement: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            row = self._db.execute(statement, values).fetchone()
            return None if row is None else dict(row)
