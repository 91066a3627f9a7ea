"""The dates of a key, whatever they are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from l7audit_suites.keys.dates import aged, members, moment, told_end

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "names",
    [
        ("created_at", "expires_at", "last_used_at"),
        ("issuedOn", "validUntil", "lastSeen"),
        ("since", "endsOn", "last_access"),
    ],
)
def test_the_three_dates_are_known_by_their_names(names: tuple[str, str, str]) -> None:
    assert tuple(members({"id": 1, **dict.fromkeys(names, "")}).values()) == names


def test_a_date_that_is_not_there_has_no_name() -> None:
    assert members({"id": 1, "label": "x", "last_used_at": None}) == {
        "made": "",
        "end": "",
        "last use": "last_used_at",
    }


def test_times_are_read_as_text_and_as_seconds() -> None:
    assert moment("2026-01-02T03:04:05Z") == NOW
    assert moment(NOW.timestamp()) == NOW
    assert moment(NOW.timestamp() * 1000) == NOW
    assert moment("soon") is None
    assert moment(None) is None


def test_a_row_grows_older_only_in_its_times_of_just_now() -> None:
    row = {
        "made": (NOW - timedelta(seconds=3)).isoformat(),
        "end": (NOW + timedelta(days=90)).isoformat(),
        "name": "x",
        "count": 3,
    }
    older = aged(row, timedelta(days=400), NOW)
    assert moment(older.pop("made")) == NOW - timedelta(days=400, seconds=3)
    assert older == {n: v for n, v in row.items() if n != "made"}


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        ({"expires_at": None, "retires_at": "2026-04-01T00:00:00Z"}, "retires_at"),
        ({"id": "k", "validUntil": 1_800_000_000}, "validUntil"),
        ({"expires_in": 3600}, "expires_in"),
        ({"expires_at": None, "created_at": "2026-01-01T00:00:00Z"}, ""),
        ({"expired_at": "2025-12-01T00:00:00Z"}, ""),
    ],
)
def test_an_end_is_told_by_a_time_to_come_or_by_what_is_left(
    thing: dict[str, object], name: str
) -> None:
    assert told_end(thing, NOW) == name
