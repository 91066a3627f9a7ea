"""Bodies within an envelope: filled like flat ones, and whole on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.model import Kind, Target
from l7audit.target.openapi import Document
from l7audit.target.schemas import Schema, properties
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

API = "application/vnd.api+json"
POT: Schema = {
    "type": "object",
    "required": ["colour"],
    "properties": {"colour": {"type": "string"}, "note": {"type": "string"}},
}


def resource(**beside: Any) -> Schema:
    """A body of JSON:API."""
    members = {"type": {"type": "string", "enum": ["pots"]}, **beside, "attributes": POT}
    data = {"type": "object", "required": ["type", "attributes"], "properties": members}
    return within(data=data)


def within(**members: Schema) -> Schema:
    """An object that must have these members."""
    return {"type": "object", "required": list(members), "properties": members}


def document(template: str, bodies: dict[str, Schema], method: str = "post") -> str:
    content = {media: {"schema": schema} for media, schema in bodies.items()}
    answer = {API: {"schema": resource(id={"type": "string"})}}
    operation = {
        "requestBody": {"content": content},
        "responses": {"200": {"description": "", "content": answer}},
    }
    return json.dumps({"openapi": "3.0.3", "paths": {template: {method: operation}}})


def surface(template: str, bodies: dict[str, Schema], method: str = "post") -> Surface:
    return Surface(Document.parse(document(template, bodies, method)).operations[0])


def sent(surface: Surface, **given: Any) -> Any:
    return json.loads(surface.request(**given).content)


def test_the_members_of_a_resource_object_are_those_of_the_body() -> None:
    pots = surface("/pots", {API: resource()})
    assert list(properties(pots.operation.json_schema)) == ["colour", "note"]
    assert sent(pots, fields={"colour": "red"}) == {
        "data": {"type": "pots", "attributes": {"colour": "red"}}
    }


def test_a_whole_value_goes_into_the_envelope_and_raw_bytes_stay_as_they_are() -> None:
    pots = surface("/pots", {API: resource()})
    whole = {"data": {"type": "pots", "attributes": {"colour": "red", "role": "admin"}}}
    assert sent(pots, json={"colour": "red", "role": "admin"}) == whole
    assert sent(pots, json=[]) == []
    assert pots.request(content=b"{}").content == b"{}"
    assert pots.request(form={"a": "b"}).content == b"a=b"


def test_the_thing_that_is_changed_is_named_in_the_envelope_too() -> None:
    pot = surface("/pots/{potId}", {API: resource(id={"type": "string"})}, "patch")
    body = sent(pot.with_values({"potId": "p7"}), fields={"colour": "red"})
    assert body["data"] == {"type": "pots", "id": "p7", "attributes": {"colour": "red"}}


@pytest.mark.parametrize(
    ("template", "member"),
    [
        pytest.param("/pots", "pot", id="named as the path"),
        pytest.param("/shelves/{id}/pots", "pot", id="named as the path below a thing"),
        pytest.param("/things", "data", id="named as envelopes are"),
    ],
)
def test_an_object_that_is_all_of_a_body_is_an_envelope(template: str, member: str) -> None:
    pots = surface(template, {"application/json": within(**{member: POT})})
    assert sent(pots, fields={"colour": "red"}) == {member: {"colour": "red"}}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param(POT, id="flat"),
        pytest.param(within(pot=POT, shelf={"type": "string"}), id="something beside it"),
        pytest.param({"type": "object", "properties": {"pot": POT}}, id="it may be left out"),
        pytest.param(within(filter=POT), id="named as a part and not as the thing"),
        pytest.param(within(pot={"type": "object"}), id="it may hold anything"),
        pytest.param(
            within(type={"type": "string"}, attributes=POT), id="a thing of a type with attributes"
        ),
    ],
)
def test_any_other_body_is_filled_as_it_stands(schema: Schema) -> None:
    pots = surface("/pots", {"application/json": schema})
    assert pots.operation.envelope is None
    assert pots.operation.json_schema == schema


def test_media_types_of_the_same_body_have_the_same_envelope() -> None:
    bodies = {"application/json": within(pot=POT), "text/json": within(pot=POT)}
    pots = surface("/pots", bodies)
    for media in bodies:
        given = pots.request(fields={"colour": "red"}, media_type=media).content
        assert json.loads(given) == {"pot": {"colour": "red"}}


def test_media_types_of_different_bodies_are_filled_as_they_stand() -> None:
    pots = surface("/pots", {"application/json": POT, API: resource()})
    assert sent(pots, fields={"colour": "red"}) == {"colour": "red"}
    given = pots.request(media_type=API, fields={"more": 1}).content
    assert json.loads(given)["data"]["attributes"]


def test_an_answer_is_described_as_it_is_shown() -> None:
    pots = surface("/pots", {API: resource()})
    shown = properties(pots.operation.answer_schema)["data"]
    assert list(properties(shown)) == ["colour", "note", "type", "id"]


def test_a_login_within_an_envelope_is_one(target: Target) -> None:
    member = {"email": {"type": "string"}, "password": {"type": "string"}}
    told = document("/users/login", {"application/json": within(user=within(**member))})
    operation = TargetModel.of(told, target).operations[0]
    assert Kind.LOGIN in operation.kinds
