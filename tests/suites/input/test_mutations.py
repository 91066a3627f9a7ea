from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from l7audit_suites.input.mutations import bodies, forbidden

THING: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "kind": {"enum": ["a", "b"]},
        "words": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "note": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
        "done": {"type": "boolean"},
    },
}
GOOD = {"name": "abc", "size": 3}


@pytest.mark.parametrize(
    "broken", bodies(THING), ids=lambda b: f"{b.member} {b.why} {b.value!r}"[:50]
)
def test_everything_that_is_tried_breaks_the_schema(broken: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken.applied(GOOD), THING)


def test_every_rule_of_a_schema_is_tried() -> None:
    tried = {(b.member, b.why) for b in bodies(THING)}
    assert {
        ("name", "too short"), ("name", "too long"), ("name", "of another pattern"),
        ("name", "missing"), ("size", "too small"), ("size", "too large"),
        ("share", "too small"), ("kind", "not in the list"), ("words", "too few"),
        ("words", "items of another type"), ("note", "too long"), ("done", "no boolean"),
        ("lq_unknown", "unknown member"), ("", "no object"),
    } <= tried  # fmt: skip


def test_a_choice_between_several_kinds_is_left_alone() -> None:
    assert list(forbidden({"oneOf": [{"type": "string"}, {"type": "integer"}]})) == []


@pytest.mark.parametrize("pattern", ["(", "(a+)+$" * 60, "^.*$"])
def test_a_pattern_that_is_broken_endless_or_open_is_left_alone(pattern: str) -> None:
    whys = [why for _, why in forbidden({"type": "string", "pattern": pattern})]
    assert "of another pattern" not in whys
