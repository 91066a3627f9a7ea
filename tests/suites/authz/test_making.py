"""Values for a new thing that are like none that are there."""

from __future__ import annotations

import random
import re

import pytest

from l7audit_suites.authz.making import varied

PLATE = "^[A-Z]{1,3}-[A-Z]{1,2}-[1-9][0-9]{0,3}$"


def test_a_name_with_a_pattern_is_another_each_time_and_fits() -> None:
    chance = random.Random(1)
    made = {varied({"type": "string", "pattern": PLATE, "example": "A-B-1"}, chance) for _ in "abc"}
    assert len(made) == 3
    assert all(re.fullmatch(PLATE, text) for text in made)


def test_an_example_is_followed_in_its_form_alone() -> None:
    made = varied({"type": "string", "example": "DE-4711"}, random.Random(1))
    assert made != "DE-4711"
    assert re.fullmatch(r"[A-Z]{2}-[0-9]{4}", made)


@pytest.mark.parametrize(
    ("schema", "value"),
    [({"enum": ["a"]}, "a"), ({"const": "b"}, "b"), ({"type": "integer", "minimum": 5}, 5)],
)
def test_what_the_schema_fixes_stays(schema: dict[str, object], value: object) -> None:
    assert varied(schema, random.Random(1)) == value
