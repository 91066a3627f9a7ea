"""Pages and their cursors."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from l7audit_stack.api.paging import PageQuery, Position, next_cursor, start
from l7audit_stack.api.problems import Problem


@given(some.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1)), some.uuids())
def test_a_cursor_leads_back_to_its_place_and_passes_the_querys_own_check(
    moment: datetime, key: UUID
) -> None:
    position = Position(moment.replace(tzinfo=UTC), key)
    query = msgspec.convert({"cursor": position.cursor()}, PageQuery, strict=False)
    assert start(query.cursor) == position


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "AAAA",
        "_-_-",
        "\u00e9",
        encoded("5.6"),
        encoded("1." + "g" * 32),
        encoded("1." + "0" * 33),
        encoded("-1." + "0" * 32),
        encoded("1; DROP TABLE agents."),
    ],
)
def test_a_cursor_of_somebodys_own_making_is_the_callers_error(cursor: str) -> None:
    with pytest.raises(Problem) as problem:
        start(cursor)
    assert problem.value.status == 422


@given(some.text(alphabet=some.characters(max_codepoint=127), min_size=1, max_size=60))
def test_whatever_the_cursor_the_answer_is_a_place_or_a_problem(cursor: str) -> None:
    with suppress(Problem):
        start(cursor)


def test_only_a_list_that_goes_on_has_a_cursor() -> None:
    rows: list[dict[str, Any]] = [
        {"created_at": datetime(2026, 1, day, tzinfo=UTC), "id": UUID(int=day)} for day in (3, 2, 1)
    ]
    assert next_cursor(rows, 3) is None
    cursor = next_cursor(rows, 2)
    assert cursor is not None
    assert start(cursor) == Position(datetime(2026, 1, 2, tzinfo=UTC), UUID(int=2))


@pytest.mark.parametrize("limit", ["0", "101", "-1", "99999999999999999999", "1.5", ""])
def test_a_page_is_bounded(limit: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"limit": limit}, PageQuery, strict=False)
