"""Marks: where a word of ours goes into a request."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.target.target_model import TargetModel
from l7audit_suites.authz.families import families
from l7audit_suites.authz.markers import marked, new_marker, text_fields

TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("members", "needed", "expected"),
    [
        ({"title": TEXT, "body": TEXT}, [], ["title"]),
        ({"zeta": TEXT, "note": TEXT}, [], ["note"]),
        ({"title": TEXT, "body": TEXT}, ["body", "title"], ["body", "title"]),
        ({"role": TEXT, "password": TEXT, "url": TEXT, "ownerId": TEXT}, ["role"], []),
        ({"name": {**TEXT, "maxLength": 8}}, ["name"], []),
        ({"name": {**TEXT, "enum": ["a"]}, "when": {**TEXT, "format": "date"}}, [], []),
        ({"count": {"type": "integer"}}, ["count"], []),
    ],
)
def test_the_mark_goes_where_any_text_may_stand(
    members: dict[str, Any], needed: list[str], expected: list[str]
) -> None:
    assert text_fields({"type": "object", "properties": members, "required": needed}) == expected


def test_a_marked_request_carries_the_mark(model: TargetModel) -> None:
    _, boards, _ = families(model)
    assert boards.create is not None
    marker = new_marker()
    given = marked(boards.create, marker)
    assert given is not None
    assert marker.encode() in boards.create.request(**given).content


def test_no_two_marks_are_equal() -> None:
    assert len({new_marker() for _ in range(100)}) == 100
