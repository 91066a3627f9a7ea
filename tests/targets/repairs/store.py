"""The shop's database: SQLite in the service's folder, one connection behind a lock."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

from ground import passwords

SCHEMA = """
CREATE TABLE users (
  id INTEGER PRIMARY KEY, username TEXT UNIQUE NOT NULL, password TEXT NOT NULL,
  full_name TEXT NOT NULL, phone TEXT NOT NULL DEFAULT '', role TEXT NOT NULL
);
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES users, device TEXT NOT NULL,
  problem TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'received',
  price_cents INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE comments (
  id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE files (
  id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
  kept_as TEXT NOT NULL
);
"""

Row = dict[str, Any]


class Store:
    """Runs statements. `add` says the new row's id, `run` how many rows were changed."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            folder / "repairs.sqlite", isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(SCHEMA)

    def add(self, table: str, **values: object) -> int:
        """The id of a new row; the columns are the program's own."""
        marks = ", ".join("?" * len(values))
        with self._lock:
            done = self._db.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", [*values.values()]
            )
            return int(done.lastrowid or 0)

    def run(self, statement: str, *values: object) -> int:
        with self._lock:
            return self._db.execute(statement, values).rowcount

    def all(self, statement: str, *values: object) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return [dict(r) for r in self._db.execute(statement, values)]

    def one(self, statement: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        return next(iter(self.all(statement, *values)), None)


PEOPLE = (
    ("mara", "walnut-bicycle-34", "Mara Lind", "customer"),
    ("theo", "pepper-trumpet-72", "Theo Brandt", "customer"),
    ("ines", "marble-compass-19", "Ines Roth", "staff"),
)
DEVICES = (("Toaster", "It does not pop up."), ("Bicycle lamp", "It flickers on cobblestones."))


def seed(store: Store, administrators_password: str) -> None:
    """The people and jobs that are there from the start."""
    for username, password, name, role in PEOPLE:
        user = store.add(
            "users",
            username=username,
            password=passwords.sealed(password),
            full_name=name,
            role=role,
        )
        for device, problem in DEVICES if role == "customer" else ():
            job = store.add("jobs", customer_id=user, device=device, problem=problem)
            store.add("comments", job_id=job, author=name, text=f"{name} would like it by Friday.")
    kept = passwords.sealed(administrators_password)
    store.add("users", username="admin", password=kept, full_name="The till", role="staff")
