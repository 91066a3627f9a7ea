"""What in a request names other things."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.target.operation import Operation, Parameter
from l7audit.target.references import names_thing, of_body, of_query

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def taking(member: str, schema: dict[str, Any]) -> Operation:
    body = {"type": "object", "properties": {member: schema}, "required": [member]}
    return Operation("x", "POST", "/stays", bodies={"application/json": body})


@pytest.mark.parametrize(
    ("member", "schema"),
    [
        ("vesselId", NUMBER),
        ("vessel_id", TEXT),
        ("vessel", TEXT),
        ("vessel", NUMBER),
        ("vesselRef", TEXT),
        ("idVessel", TEXT),
        ("homeVesselId", TEXT),
        ("hull", {"type": "string", "format": "uuid", "title": "VesselId"}),
        ("hull", {"type": "string", "title": "VesselId"}),
        ("hullId", {"type": "string", "description": "The id of the vessel that comes"}),
        ("hullId", {"type": "integer", "description": "Vessel's id"}),
    ],
)
def test_a_member_names_a_thing_in_any_style(member: str, schema: dict[str, Any]) -> None:
    (found,) = of_body(taking(member, schema), {member: 1})
    assert found.path == (member,)
    assert names_thing(found, ("vessel",))


@pytest.mark.parametrize(
    ("member", "schema", "body", "path"),
    [
        ("vesselIds", {"type": "array", "items": TEXT}, [], ("vesselIds", 0)),
        ("vessel", {"properties": {"id": NUMBER}}, {"id": 1}, ("vessel", "id")),
        (
            "lines",
            {"type": "array", "items": {"properties": {"vesselId": TEXT}}},
            [{"vesselId": "v"}],
            ("lines", 0, "vesselId"),
        ),
    ],
)
def test_it_may_stand_in_lists_and_objects(
    member: str, schema: dict[str, Any], body: Any, path: tuple[Any, ...]
) -> None:
    (found,) = of_body(taking(member, schema), {member: body})
    assert found.path == path
    assert names_thing(found, ("vessel",))


@pytest.mark.parametrize(
    ("member", "schema"),
    [
        ("vessels", NUMBER),  # how many
        ("vessel", {"type": "string", "enum": ["boat", "ship"]}),
        ("vessel", {"type": "string", "format": "date"}),
        ("vessel", {"type": "boolean"}),
        ("name", TEXT),
        ("vessel_name", TEXT),
        ("voucherCode", TEXT),
        ("seatId", {"type": "string", "readOnly": True}),
        ("callbackUrl", TEXT),
        ("amount", NUMBER),
        ("id", TEXT),  # its own name
    ],
)
def test_what_only_looks_like_one_is_none(member: str, schema: dict[str, Any]) -> None:
    found = of_body(taking(member, schema), {member: 1})
    assert not [r for r in found if names_thing(r, ("vessel",)) or r.sure]


def test_one_that_leads_to_somebody_else_says_so() -> None:
    (found,) = of_body(taking("toAccountId", TEXT), {"toAccountId": ""})
    assert found.towards
    assert names_thing(found, ("account",))


@pytest.mark.parametrize("member", ["handle", "userName", "memberEmail"])
def test_who_is_let_into_something_is_somebody_who_is_there(member: str) -> None:
    body = {"application/json": {"properties": {member: TEXT}, "required": [member]}}
    for template, called in (
        ("/crews/{id}/members", True),
        ("/members", False),  # what a new one wants to be called
        ("/members/{id}", False),
    ):
        found = of_body(Operation("x", "POST", template, bodies=body), {member: "x"})
        assert [r.called for r in found if r.sure] == [True] * called


def test_a_name_that_something_is_sent_to_is_somebody_s() -> None:
    (found,) = of_body(taking("to_handle", TEXT), {"to_handle": ""})
    assert found.called
    assert found.towards


def test_a_schema_that_asks_for_nothing_at_all_may_mean_to_where_something_is_made() -> None:
    schema = {"type": "object", "properties": {"note": TEXT, "vesselId": TEXT}}
    made = Operation("x", "POST", "/stays", bodies={"application/json": schema})
    changed = Operation("x", "PATCH", "/stays/{id}", bodies={"application/json": schema})
    assert [r.path for r in of_body(made, {"note": "n"})] == [("vesselId",)]
    assert of_body(changed, {"note": "n"}) == []


def test_query_parameters_that_must_be_there_name_things_too() -> None:
    asked = Operation(
        "x",
        "GET",
        "/prices",
        parameters=(
            Parameter("vesselId", "query", True, TEXT),
            Parameter("berthId", "query", False, TEXT),
            Parameter("limit", "query", True, NUMBER),
        ),
    )
    assert [r.name for r in of_query(asked) if r.sure] == ["vesselId"]
