from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from l7audit.target.schemas import Schema
from l7audit_suites.authn.leaves import secrets, texts
from l7audit_suites.authn.made_keys import end_fields


def body(**members: Schema) -> Schema:
    return {"type": "object", "properties": members}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("overlap_seconds", {"type": "integer"}),
        ("expiresInSeconds", {"type": "integer"}),
        ("expires_in", {"type": "number"}),
        ("ttl", {"type": "integer"}),
        ("gracePeriod", {"type": "integer"}),
    ],
)
def test_a_wish_in_seconds_is_found_by_its_name(name: str, schema: Schema) -> None:
    assert end_fields(body(label={"type": "string"}, **{name: schema}), 1.0) == {name: 1}


def test_a_moment_is_given_as_a_moment() -> None:
    wish = end_fields(body(valid_until={"type": "string", "format": "date-time"}), 2.0)
    assert wish is not None
    left = datetime.fromisoformat(wish["valid_until"]) - datetime.now(UTC)
    assert timedelta(seconds=1) < left <= timedelta(seconds=2)


@pytest.mark.parametrize("name", ["expires_in_days", "ttlMinutes", "lifetime_hours", "label"])
def test_what_is_too_coarse_to_wait_for_is_no_wish(name: str) -> None:
    assert end_fields(body(**{name: {"type": "integer"}}), 1.0) is None


def test_the_likeliest_secret_of_an_answer_comes_first() -> None:
    answer = {
        "id": "0b1c2d3e-0000-4000-8000-000000000000",
        "name": "a name with spaces in it",
        "key_id": "k" * 40,
        "data": {"apiKey": "l7_0123456789abcdef_secret", "created_at": "2026-01-01T00:00:00Z"},
    }
    assert secrets(answer)[0] == "l7_0123456789abcdef_secret"
    assert "a name with spaces in it" not in secrets(answer)


def test_a_hostile_answer_is_walked_in_bounds() -> None:
    assert len(list(texts([["x"] * 10] * 10_000))) < 2000
