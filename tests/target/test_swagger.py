"""Swagger 2.0 through the one model: what it says in its own shape is read like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit.model import Kind, Target
from l7audit.target.openapi import Document
from l7audit.target.operation import FORM, MULTIPART, Operation
from l7audit.target.schemas import properties, type_of
from l7audit.target.swagger import as_openapi_3
from l7audit.target.target_model import TargetModel

TEXT = (Path(__file__).parent / "documents" / "garage_swagger.yaml").read_text()


@pytest.fixture
def garage() -> Document:
    return Document.parse(TEXT)


def operation(document: Document, method: str, template: str) -> Operation:
    return next(o for o in document.operations if (o.method, o.template) == (method, template))


def test_the_base_path_is_the_prefix_and_the_host_is_nowhere(garage: Document) -> None:
    assert garage.version == "2.0"
    assert garage.prefix == "/garage"
    assert "garage.example.org" not in repr(garage.operations).replace(
        "https://garage.example.org/garage/badges", ""
    )


def test_the_security_definitions_are_the_schemes(garage: Document) -> None:
    kinds = {s.name: (s.kind, s.field, s.place) for s in garage.schemes.values()}
    assert kinds == {
        "mechanic": ("basic", "Authorization", "header"),
        "badge": ("api_key", "badge", "query"),
        "visit": ("bearer", "Authorization", "header"),
    }
    assert garage.schemes["visit"].token_urls == ("https://garage.example.org/garage/badges",)
    assert operation(garage, "GET", "/cars").accepts("api_key")
    assert operation(garage, "GET", "/cars/{plate}").accepts("basic")
    assert operation(garage, "POST", "/enter").public


def test_a_parameter_in_the_body_is_the_body(garage: Document) -> None:
    park = operation(garage, "POST", "/cars")
    assert park.body_required
    assert park.media_type == "application/json"
    assert properties(park.json_schema)["plate"] == {"type": "string"}
    assert park.parameters == ()


def test_parameters_in_form_data_are_the_fields_of_a_form(garage: Document) -> None:
    enter = operation(garage, "POST", "/enter")
    assert list(properties(enter.bodies[FORM])) == ["login", "password"]
    photo = operation(garage, "POST", "/cars/{plate}/photo")
    assert photo.media_type == MULTIPART
    assert properties(photo.bodies[MULTIPART])["photo"] == {"type": "string", "format": "binary"}
    assert [p.name for p in photo.parameters] == ["plate"]


def test_references_to_definitions_parameters_and_answers_are_followed(garage: Document) -> None:
    cars = operation(garage, "GET", "/cars")
    assert [(p.name, p.schema) for p in cars.parameters] == [
        ("page", {"type": "integer", "minimum": 1})
    ]
    assert type_of(cars.answer_schema) == "array"
    gone = operation(garage, "GET", "/cars/{plate}").answers["410"]
    assert list(properties(gone["application/json"])) == ["said"]
    assert garage.notes == ()


def test_what_a_parameter_says_of_its_value_is_its_schema(garage: Document) -> None:
    plate = operation(garage, "GET", "/cars/{plate}").path_parameters[0]
    assert plate.schema == {"type": "string", "pattern": "^[A-Z]{3}$"}


def test_the_operations_are_told_apart_as_those_of_version_3() -> None:
    target = Target(name="g", provider="external", base_url="http://127.0.0.1:1", capabilities=[])
    model = TargetModel.of(TEXT, target)
    found = {
        kind: [str(s.place()) for s in model.surfaces(kind, limit=9)]
        for kind in (Kind.LOGIN, Kind.RESOURCE_CREATE, Kind.RESOURCE_DELETE, Kind.UPLOAD)
    }
    assert found == {
        Kind.LOGIN: ["POST /enter"],
        Kind.RESOURCE_CREATE: ["POST /cars"],
        Kind.RESOURCE_DELETE: ["DELETE /cars/{plate}"],
        Kind.UPLOAD: ["POST /cars/{plate}/photo"],
    }
    assert model.surfaces(Kind.LOGIN)[0].request().path == "/garage/enter"


@pytest.mark.parametrize(
    "broken",
    [
        {"paths": 3},
        {"paths": {"/x": 3}},
        {"paths": {"/x": {"get": {"parameters": "no", "responses": 7}}}},
        {"paths": {"/x": {"post": {"parameters": [{"in": "body"}, 3, {"in": "formData"}]}}}},
        {"paths": {}, "securityDefinitions": [1], "basePath": 5, "consumes": "x"},
        {"paths": {"/x": {"get": {"responses": {"200": "no"}}}}, "produces": {"a": 1}},
    ],
)
def test_what_is_malformed_is_left_out(broken: dict[str, Any]) -> None:
    moved = as_openapi_3({"swagger": "2.0", **broken})
    if isinstance(broken["paths"], dict):
        text = msgspec.json.encode({"swagger": "2.0", **broken}).decode()
        assert len(Document.parse(text).operations) <= 1
    assert moved["servers"]
