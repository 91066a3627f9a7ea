from __future__ import annotations

import random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l7audit.target.compose import compose

_STRINGS = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "format": st.sampled_from(["uuid", "email", "date", "date-time", "uri", "ipv4"]),
    },
) | st.builds(
    lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
    st.integers(0, 40),
    st.integers(0, 40),
)
_NUMBERS = st.builds(
    lambda kind, low, more: {"type": kind, "minimum": low, "maximum": low + more},
    st.sampled_from(["integer", "number"]),
    st.integers(-1000, 1000),
    st.integers(0, 1000),
)
_SIMPLE = _STRINGS | _NUMBERS | st.just({"type": "boolean"}) | st.just({"enum": ["a", 1, None]})


def _object(members: dict[str, Any], chosen: list[bool]) -> dict[str, Any]:
    required = [n for n, use in zip(members, chosen, strict=False) if use]
    return {
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": False,
    }


_SCHEMAS = st.recursive(
    _SIMPLE,
    lambda inner: (
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least},
            inner,
            st.integers(0, 3),
        )
        | st.builds(
            _object,
            st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
            st.lists(st.booleans(), min_size=4, max_size=4),
        )
        | st.builds(lambda a: {"anyOf": [{"type": "null"}, a]}, inner)
    ),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(_SCHEMAS, st.integers(0, 3))
def test_a_composed_value_is_valid(schema: dict[str, Any], seed: int) -> None:
    value = compose(schema, random.Random(seed))
    jsonschema.validate(value, schema, format_checker=jsonschema.FormatChecker())


def made(schema: dict[str, Any], seed: int = 1) -> Any:
    return compose(schema, random.Random(seed))


def test_the_same_seed_makes_the_same_value() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    assert made(schema) == made(schema)
    assert made(schema) != made(schema, 2)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "example": "mine"},
        {"type": "string", "examples": ["mine"]},
        {"type": "string", "default": "mine"},
        {"const": "mine"},
        {"enum": ["mine"]},
    ],
)
def test_the_author_s_own_value_comes_first(schema: dict[str, Any]) -> None:
    assert made(schema) == "mine"


def test_bounds_of_both_versions_are_kept() -> None:
    assert made({"type": "integer", "exclusiveMinimum": 5}) == 6
    assert made({"type": "integer", "minimum": 5, "exclusiveMinimum": True}) == 6
    assert made({"type": "integer", "minimum": 7, "multipleOf": 5}) == 10
    assert 0 < made({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}) < 0.5


def test_a_change_changes_something() -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string", "readOnly": True}, "n": {"type": "integer"}},
    }
    assert made(schema) == {"n": 1}


def test_a_list_of_parts_has_one_and_a_list_of_names_may_be_empty() -> None:
    line = {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}
    order = {"type": "object", "required": ["lines", "tags"], "properties": {
        "lines": {"type": "array", "items": line},
        "tags": {"type": "array", "items": {"type": "string"}},
    }}  # fmt: skip
    value = made(order)
    assert [list(one) for one in value["lines"]] == [["sku"]]
    assert value["tags"] == []
    assert made({"type": "array", "items": line, "maxItems": 0}) == []


def test_parts_within_parts_come_to_an_end() -> None:
    node: dict[str, Any] = {"type": "object", "required": ["left", "right"], "properties": {}}
    node["properties"] = {n: {"type": "array", "items": node} for n in ("left", "right")}
    assert len(str(made(node))) < 1000


def test_a_pattern_is_met() -> None:
    value = made({"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"})
    jsonschema.validate(value, {"pattern": "^[A-Z]{3}-[0-9]{4}$"})


def test_a_schema_that_asks_for_too_much_is_met_in_bounds() -> None:
    huge = {"type": "array", "minItems": 10**9, "items": {"type": "string", "minLength": 10**9}}
    assert len(made(huge)) <= 16
    assert len(made(huge)[0]) <= 4096


def test_an_unknown_schema_is_a_marked_word() -> None:
    assert made({}).startswith("l7audit-")
