"""Migrations."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from l7audit_stack.data.migrate import FOLDER, MigrationError, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reference_stack.conftest import DatabaseServer


@pytest.fixture
def empty(database_server: DatabaseServer) -> Iterator[str]:
    name = f"migrate_{secrets.token_hex(6)}"
    database_server.execute(f"CREATE DATABASE {name}")
    yield database_server.url(name)
    database_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _migrate(url: str, folder: Path = FOLDER) -> list[str]:
    connection: Any = await asyncpg.connect(url)
    try:
        return await migrate(connection, folder)
    finally:
        await connection.close()


def test_all_migrations_apply_once_in_order(empty: str) -> None:
    applied = asyncio.run(_migrate(empty))
    assert applied == sorted(path.name for path in FOLDER.glob("*.sql"))
    assert asyncio.run(_migrate(empty)) == []


def test_two_runners_at_once_do_the_work_once(empty: str) -> None:
    async def story() -> tuple[list[str], list[str]]:
        return await asyncio.gather(_migrate(empty), _migrate(empty))

    first, second = asyncio.run(story())
    assert sorted([len(first), len(second)]) == [0, len(list(FOLDER.glob("*.sql")))]


def test_a_changed_migration_is_refused(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "0001_a.sql"
    file.write_text("CREATE TABLE a ();")
    assert asyncio.run(_migrate(empty, tmp_path)) == ["0001_a.sql"]
    file.write_text("CREATE TABLE a (b int);")
    with pytest.raises(MigrationError, match=r"0001_a\.sql was changed"):
        asyncio.run(_migrate(empty, tmp_path))


def test_a_migration_that_fails_leaves_nothing_behind(empty: str, tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (); SELECT nonsense;")
    with pytest.raises(MigrationError, match="0001_a"):
        asyncio.run(_migrate(empty, tmp_path))

    async def tables() -> Any:
        connection = await asyncpg.connect(empty)
        found = await connection.fetchval("SELECT to_regclass('a')")
        await connection.close()
        return found

    assert asyncio.run(tables()) is None
