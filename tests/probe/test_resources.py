"""Resource objects, read as plain ones."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.probe.resources import plain

POT = {
    "type": "pots",
    "id": "7",
    "attributes": {"colour": "red", "owner": "ada"},
    "links": {"self": "/pots/7"},
}
FLAT = {
    "type": "pots",
    "id": "7",
    "colour": "red",
    "owner": "ada",
    "links": {"self": "/pots/7"},
}


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        pytest.param({"data": POT}, {"data": FLAT}, id="one"),
        pytest.param(
            {"data": [POT, POT], "meta": {"total": 2}},
            {"data": [FLAT, FLAT], "meta": {"total": 2}},
            id="a listing",
        ),
        pytest.param(
            {"data": None, "included": [POT]},
            {"data": None, "included": [FLAT]},
            id="beside others",
        ),
    ],
)
def test_what_stands_in_attributes_is_a_member_like_the_id(told: Any, shown: Any) -> None:
    assert plain(told) == shown


@pytest.mark.parametrize(
    "value",
    [
        {"id": 1, "colour": "red"},
        {"attributes": {"colour": "red"}, "price": 3, "type": "pot"},
        {"type": "pots", "attributes": ["red"]},
        {"attributes": {"colour": "red"}},
        ["attributes", 3, None],
        "attributes",
    ],
)
def test_what_is_no_resource_object_stays_as_it_is(value: Any) -> None:
    assert plain(value) == value


def test_a_type_and_an_id_are_not_overruled_by_attributes_of_that_name() -> None:
    told = {"type": "pots", "id": "7", "attributes": {"id": "8", "type": "lid"}}
    assert plain(told) == {"type": "pots", "id": "7"}


def test_an_answer_shows_resource_objects_flat_and_keeps_its_own_text() -> None:
    body = b'{"data": {"type": "pots", "id": "7", "attributes": {"colour": "red"}}}'
    answer = Answer(Request("GET", "/"), 200, body=body)
    assert answer.json_or_none() == {"data": {"type": "pots", "id": "7", "colour": "red"}}
    assert answer.json()["data"]["attributes"] == {"colour": "red"}


def test_what_nests_without_end_is_read_to_a_bound() -> None:
    value: Any = {}
    for _ in range(3000):
        value = [value]
    assert plain(value)
