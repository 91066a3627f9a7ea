"""The auditor's view into a database, tried on the stack's own."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.errors import ProviderError
from l7audit.probe.storage import Storage


@pytest.fixture
def things(database_server: Any, database_url: str) -> str:
    database_server.execute(
        "DROP TABLE IF EXISTS things",
        "CREATE TABLE things (id int PRIMARY KEY, raw bytea, at timestamptz, note text NOT NULL)",
        "INSERT INTO things VALUES (1, '\\x00ff', '2026-01-02 03:04:05.123456+00', 'one'),"
        " (2, NULL, NULL, 'two')",
        database=database_url.rpartition("/")[2],
    )
    return database_url


def test_rows_are_found_by_a_text_in_any_column(things: str) -> None:
    with Storage(things) as storage:
        assert [(k.table, k.row["id"]) for k in storage.holding("one")] == [("public.things", 1)]
        assert [k.row["id"] for k in storage.holding("two", "00ff")] == [1, 2]
        assert storage.holding("three") == []


def test_a_table_that_was_changed_can_be_put_back_exactly(things: str) -> None:
    with Storage(things) as storage:
        before = storage.contents("public.things")
        storage.replace("public.things", [{**before[0], "note": "forged"}])
        assert [r["note"] for r in storage.contents("public.things")] == ["forged"]
        storage.replace("public.things", before)
        assert sorted(map(str, storage.contents("public.things"))) == sorted(map(str, before))


def test_what_the_database_refuses_is_told_and_changes_nothing(things: str) -> None:
    with Storage(things) as storage:
        before = storage.contents("public.things")
        with pytest.raises(ProviderError, match="refused"):
            storage.replace("public.things", [{**before[0], "note": None}])
        assert storage.contents("public.things") == before
