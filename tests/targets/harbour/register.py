"""The harbour's register: vessels, berths and bookings in SQLite."""

from __future__ import annotations

import datetime
import sqlite3
import uuid
from typing import Any

Row = dict[str, Any]

_TABLES = """
CREATE TABLE vessels (id TEXT PRIMARY KEY, owner TEXT, name TEXT, length_cm INTEGER, papers TEXT);
CREATE TABLE berths (id TEXT PRIMARY KEY, name TEXT, pier TEXT, price_cents INTEGER);
CREATE TABLE bookings (
  number INTEGER PRIMARY KEY, id TEXT UNIQUE, owner TEXT, vessel_id TEXT, berth_id TEXT,
  arrival TEXT, departure TEXT, nights INTEGER, price_cents INTEGER, state TEXT);
"""
SORTS = ("name", "pier", "price_cents")


class Register:
    """Everything that lies on paper. The methods with an `owner` see that owner's rows only."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(_TABLES)

    def rows(self, query: str, *values: object) -> list[Row]:
        return [dict(row) for row in self.db.execute(query, values)]

    def one(self, query: str, *values: object) -> Row | None:
        return next(iter(self.rows(query, *values)), None)

    # --- vessels ------------------------------------------------------------------------------

    def vessels(self, owner: str, limit: int, offset: int) -> list[Row]:
        return self.rows(
            "SELECT * FROM vessels WHERE owner = ? ORDER BY rowid LIMIT ? OFFSET ?",
            owner, limit, offset,
        )  # fmt: skip

    def count_vessels(self, owner: str) -> int:
        return int(self.rows("SELECT count(*) n FROM vessels WHERE owner = ?", owner)[0]["n"])

    def add_vessel(self, owner: str, name: str, length_cm: int, papers: str) -> Row:
        ref = str(uuid.uuid4())
        self.db.execute(
            "INSERT INTO vessels VALUES (?, ?, ?, ?, ?)", (ref, owner, name, length_cm, papers)
        )
        return {"id": ref, "owner": owner, "name": name, "length_cm": length_cm, "papers": papers}

    def vessel(self, owner: str, ref: str) -> Row | None:
        return self.one("SELECT * FROM vessels WHERE id = ? AND owner = ?", ref, owner)

    def any_vessel(self, ref: str) -> Row | None:
        return self.one("SELECT * FROM vessels WHERE id = ?", ref)

    def change_vessel(self, ref: str, changes: Row) -> None:
        for name in changes.keys() & {"name", "length_cm", "papers"}:
            self.db.execute(f"UPDATE vessels SET {name} = ? WHERE id = ?", (changes[name], ref))

    def remove_vessel(self, ref: str) -> None:
        self.db.execute("DELETE FROM vessels WHERE id = ?", (ref,))

    # --- berths -------------------------------------------------------------------------------

    def add_berth(self, name: str, pier: str, price_cents: int) -> str:
        ref = str(uuid.uuid4())
        self.db.execute("INSERT INTO berths VALUES (?, ?, ?, ?)", (ref, name, pier, price_cents))
        return ref

    def berths(self, q: str, order: str, limit: int, offset: int) -> list[Row]:
        """Berths whose name or pier holds `q`; `order` is one of `SORTS`."""
        sought = "%" + q.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        return self.rows(
            "SELECT * FROM berths WHERE name LIKE ? ESCAPE '!' OR pier LIKE ? ESCAPE '!'"
            f" ORDER BY {order} LIMIT ? OFFSET ?",
            sought, sought, limit, offset,
        )  # fmt: skip

    def berth(self, ref: str) -> Row | None:
        return self.one("SELECT * FROM berths WHERE id = ?", ref)

    def price(self, ref: str, cents: int) -> None:
        self.db.execute("UPDATE berths SET price_cents = ? WHERE id = ?", (cents, ref))

    # --- bookings -----------------------------------------------------------------------------

    def taken(self, berth: str, arrival: datetime.date, departure: datetime.date) -> bool:
        return bool(
            self.rows(
                "SELECT 1 FROM bookings WHERE berth_id = ? AND state = 'booked'"
                " AND arrival < ? AND departure > ?",
                berth, departure.isoformat(), arrival.isoformat(),
            )
        )  # fmt: skip

    def book(self, owner: str, vessel: str, berth: Row, arrival: datetime.date, nights: int) -> Row:
        departure = arrival + datetime.timedelta(days=nights)
        ref, price = str(uuid.uuid4()), int(berth["price_cents"]) * nights
        self.db.execute(
            "INSERT INTO bookings (id, owner, vessel_id, berth_id, arrival, departure, nights,"
            " price_cents, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'booked')",
            (ref, owner, vessel, berth["id"], arrival.isoformat(), departure.isoformat(), nights,
             price),
        )  # fmt: skip
        return self.one("SELECT * FROM bookings WHERE id = ?", ref) or {}

    def bookings(self, owner: str, after: int, limit: int) -> list[Row]:
        return self.rows(
            "SELECT * FROM bookings WHERE owner = ? AND number > ? ORDER BY number LIMIT ?",
            owner, after, limit,
        )  # fmt: skip

    def every_booking(self, owner: str) -> list[Row]:
        return self.rows("SELECT * FROM bookings WHERE owner = ? ORDER BY number", owner)

    def count_bookings(self, owner: str) -> int:
        return int(self.rows("SELECT count(*) n FROM bookings WHERE owner = ?", owner)[0]["n"])

    def booking(self, owner: str, ref: str) -> Row | None:
        return self.one("SELECT * FROM bookings WHERE id = ? AND owner = ?", ref, owner)

    def any_booking(self, ref: str) -> Row | None:
        return self.one("SELECT * FROM bookings WHERE id = ?", ref)

    def cancel(self, ref: str) -> None:
        self.db.execute("UPDATE bookings SET state = 'cancelled' WHERE id = ?", (ref,))
