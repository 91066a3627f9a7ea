"""Apply the SQL migrations in order, each in a transaction, one runner at a time."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import asyncpg

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6C37_6D69


class MigrationError(Exception):
    """A migration can't be applied; the text says which and why."""


async def migrate(connection: Any, folder: Path = FOLDER) -> list[str]:
    """Apply what is missing and return its names. An applied file that changed is refused."""
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " name text PRIMARY KEY, digest text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        rows = await connection.fetch("SELECT name, digest FROM schema_migrations")
        known = {row["name"]: row["digest"] for row in rows}
        applied: list[str] = []
        for path in sorted(folder.glob("*.sql")):
            sql = path.read_text()
            digest = hashlib.sha256(sql.encode()).hexdigest()
            if path.name not in known:
                await _apply(connection, path.name, sql, digest)
                applied.append(path.name)
            elif known[path.name] != digest:
                raise MigrationError(
                    f"{path.name} was changed after it had been applied: add a new file instead."
                )
        return applied
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _apply(connection: Any, name: str, sql: str, digest: str) -> None:
    try:
        async with connection.transaction():
            await connection.execute(sql)
            await connection.execute(
                "INSERT INTO schema_migrations (name, digest) VALUES ($1, $2)", name, digest
            )
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{name} failed: {error}.") from error


async def _run(url: str) -> list[str]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await migrate(connection)
    finally:
        await connection.close()


def main() -> int:
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.stderr.write("DATABASE_URL is not set: give the address of the database.\n")
        return 4
    try:
        applied = asyncio.run(_run(url))
    except MigrationError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"The database of DATABASE_URL can't be used: {error}\n")
        return 3
    sys.stdout.write(json.dumps({"applied": applied}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
