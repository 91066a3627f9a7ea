"""Rows as somebody would falsify them."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit_suites.audit.forgery import (
    altered,
    changed_copy,
    edits,
    identifier,
    names_forger,
    rearrangements,
    truths,
)

ROWS: list[dict[str, Any]] = [
    {"seq": n, "actor": f"a{n}", "mac": f"\\x{n:08x}", "tenant": None} for n in (1, 2, 3)
]


@pytest.mark.parametrize(
    "value", [True, 3, 2.5, "text", "2026-01-02T03:04:05Z", "\\x00ff00ff", "0123-4567-89ab-cdef"]
)
def test_an_altered_value_is_another_of_its_kind(value: Any) -> None:
    other = altered(value)
    assert other != value
    assert type(other) is type(value)


def test_what_has_no_value_is_not_altered() -> None:
    assert altered(None) is None
    assert altered([1]) is None


def test_each_column_with_a_value_is_edited_by_itself() -> None:
    found = dict(edits(ROWS, 1))
    assert set(found) == {"a changed seq", "a changed actor", "a changed mac"}
    assert [rows[0] for rows in found.values()] == [ROWS[0]] * 3
    assert all(rows[1] != ROWS[1] and rows[2] == ROWS[2] for rows in found.values())


def test_rows_are_removed_exchanged_and_made_up() -> None:
    removed, swapped, added = (rows for _, rows in rearrangements(ROWS, 0, 1))
    assert removed == ROWS[1:]
    assert [(r["seq"], r["actor"]) for r in swapped] == [(1, "a2"), (2, "a1"), (3, "a3")]
    assert added == [*ROWS, {**ROWS[0], "seq": 4}]


def test_a_changed_copy_names_somebody_else() -> None:
    assert names_forger(changed_copy({"actor": "me", "at": "now"}))
    assert not names_forger({"actor": "me"})


@pytest.mark.parametrize(
    ("record", "name"),
    [({"id": "x", "seq": 1}, "x"), ({"seq": 4}, "4"), ({"eventId": "e"}, "e"), ({}, "1")],
)
def test_a_record_is_named_by_its_id_or_number(record: dict[str, Any], name: str) -> None:
    assert identifier(record) == name


def test_only_booleans_say_whether_a_log_is_whole() -> None:
    assert truths({"intact": True, "rows": 1, "note": "yes"}) == {"intact": True}
    assert truths([True]) == {}
