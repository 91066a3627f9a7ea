"""What a target keeps, seen in its own database: for checks of what lies there, and of whether
tampering with it is noticed.

Only providers that own the target's stack grant this. What is read here is full of secrets: it is
for comparing, and reaches no record.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from l7audit.errors import ProviderError

MOST_ROWS = 20_000
_PATIENCE = 30.0

_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY 1
"""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A row and the table that it lies in."""

    table: str
    row: Row = field(repr=False)


class Storage:
    """A PostgreSQL database; a context manager. Errors: `ProviderError`, without any content."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("postgresql://", "postgres://")):
            raise ProviderError("The target's storage is no PostgreSQL database.")
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._connection: Any = None

    def __enter__(self) -> Self:
        try:
            driver: Any = importlib.import_module("asyncpg")
        except ImportError:
            self._loop.close()
            raise ProviderError(
                "Looking into the target's database needs the driver asyncpg.",
                mend="pip install 'l7audit[stack]'",
            ) from None
        try:
            self._connection = self._run(lambda: driver.connect(self._url, timeout=_PATIENCE))
        except ProviderError:
            self._loop.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._run(lambda: self._connection.close(timeout=_PATIENCE))
        finally:
            self._loop.close()

    def tables(self) -> list[str]:
        """The quoted names of all tables."""
        return [row[0] for row in self._run(lambda: self._connection.fetch(_TABLES))]

    def holding(self, *texts: str) -> list[Kept]:
        """Rows in which one of these texts stands, in any column; at most twenty of a table."""
        return [kept for table in self.tables() for kept in self._holding(table, texts)]

    def _holding(self, table: str, texts: Sequence[str]) -> list[Kept]:
        query = (
            # Each row becomes text once, not once for each of what is looked for.
            f"SELECT s.said FROM {table} t"
            " CROSS JOIN LATERAL (SELECT to_jsonb(t)::text AS said OFFSET 0) s WHERE EXISTS"
            " (SELECT FROM unnest($1::text[]) AS w WHERE position(w IN s.said) > 0) LIMIT 20"
        )
        rows = self._run(lambda: self._connection.fetch(query, list(texts)))
        return [Kept(table, msgspec.json.decode(row[0])) for row in rows]

    def contents(self, table: str) -> list[Row]:
        """All rows of a table. Errors: also where there are more than `MOST_ROWS`."""
        query = f"SELECT to_jsonb(t)::text FROM {table} t LIMIT {MOST_ROWS + 1}"
        rows = self._run(lambda: self._connection.fetch(query))
        if len(rows) > MOST_ROWS:
            raise ProviderError(f"A table of the target has more than {MOST_ROWS} rows.")
        return [msgspec.json.decode(row[0]) for row in rows]

    def replace(self, table: str, rows: Sequence[Row]) -> None:
        """Lets a table hold these rows and no others; what stays is not touched.

        Errors: also where the database does not let that happen.
        """
        before, after = _texts(self.contents(table)), _texts(rows)

        async def run() -> None:
            async with self._connection.transaction():
                await self._connection.execute(
                    f"DELETE FROM {table} t WHERE to_jsonb(t) = ANY($1::jsonb[])",
                    [text for text in before if text not in after],
                )
                await self._connection.execute(
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, x)).*"
                    " FROM unnest($1::jsonb[]) AS x",
                    [text for text in after if text not in before],
                )

        self._run(run)

    def rewrite(self, kept: Kept, values: Row) -> bool:
        """Puts other values into some columns of a row; whether it was there as `kept` says.

        Errors: also where the database does not let that happen.
        """
        told = ", ".join(f"{column} = n.{column}" for column in map(_quoted, values))
        query = (
            f"UPDATE {kept.table} t SET {told}"
            f" FROM jsonb_populate_record(NULL::{kept.table}, $2::jsonb) AS n"
            " WHERE to_jsonb(t) = $1::jsonb"
        )
        old, new = (msgspec.json.encode(row).decode() for row in (kept.row, values))
        return bool(self._run(lambda: self._connection.execute(query, old, new)) == "UPDATE 1")

    def _run(self, what: Callable[[], Awaitable[Any]]) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(what(), _PATIENCE)

        try:
            return self._loop.run_until_complete(bounded())
        except (OSError, TimeoutError) as error:
            raise ProviderError("The target's database does not answer.") from error
        except Exception as error:  # noqa: BLE001 - drivers raise many kinds
            # A message of the database may quote what is in it.
            raise ProviderError(f"The target's database refused: {type(error).__name__}.") from None


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _texts(rows: Sequence[Row]) -> dict[str, None]:
    return {msgspec.json.encode(row, order="deterministic").decode(): None for row in rows}
