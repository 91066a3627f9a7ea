"""Values that fit a member's type and mean nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit_suites.expose.absurd import Taken, absurd

TEXT = {"type": "string"}


def values(name: str, schema: dict[str, Any]) -> list[tuple[str, Taken]]:
    return [(a.written, a.taken) for a in absurd({"properties": {name: schema}}, {name: "x"})]


@pytest.mark.parametrize(
    ("name", "schema", "written", "taken"),
    [
        ("day", {"type": "string", "format": "date"}, '"9999-99-99"', Taken.NEVER),
        ("day", TEXT, '"9999-99-99"', Taken.ODD),
        ("starts_at", TEXT, '"9999-99-99T99:99:99Z"', Taken.ODD),
        ("kind", {"enum": ["a", "b"]}, '"l7audit"', Taken.NEVER),
        ("currency", TEXT, '"ZZZ"', Taken.ODD),
        ("dish_id", TEXT, '"l7audit-nothing"', Taken.ODD),
        ("home", {"type": "string", "format": "uri"}, '"http://[l7audit"', Taken.NEVER),
    ],
)
def test_a_value_is_of_the_type_and_of_no_use(
    name: str, schema: dict[str, Any], written: str, taken: Taken
) -> None:
    assert values(name, schema) == [(written, taken)]


def test_a_whole_number_may_be_too_large_as_well() -> None:
    told = [("1e400", Taken.NEVER), ("9223372036854775808", Taken.BREAKS)]
    assert values("count", {"type": "integer"}) == told


def test_what_is_no_choice_of_the_caller_s_is_left_alone() -> None:
    assert values("password", TEXT) == []
    assert values("id", {"type": "string", "readOnly": True}) == []
    assert values("ok", {"type": "boolean"}) == []


@pytest.mark.parametrize(("name", "schema"), [("note", TEXT), ("weight", {"type": "number"})])
def test_nothing_is_sent_that_could_be_kept_and_never_be_shown(
    name: str, schema: dict[str, Any]
) -> None:
    """Half a character, or an infinite number: the list that holds it would be broken for good."""
    assert values(name, schema) == []


def test_it_stands_where_the_member_does_as_it_is_written() -> None:
    line = {"type": "object", "properties": {"qty": {"type": "integer"}}}
    schema = {"properties": {"lines": {"type": "array", "items": line}}}
    body = {"lines": [{"sku": "tea", "qty": 1}]}
    found = absurd(schema, body)[0]
    assert found.label == "lines.qty"
    sent = found.in_place(json.dumps(found.marked(body)).encode())
    assert sent == b'{"lines": [{"sku": "tea", "qty": 1e400}]}'
