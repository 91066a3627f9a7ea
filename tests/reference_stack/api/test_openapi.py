"""The OpenAPI document, held against the table it is made from."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from l7audit_stack.api.openapi import describe
from l7audit_stack.api.routes.table import OPERATIONS

DOCUMENT = describe(OPERATIONS, "https://api.example")


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for value in node.values() for ref in _references(value)]
    if isinstance(node, list):
        return [ref for value in node for ref in _references(value)]
    return []


def test_it_is_json_and_names_its_version() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["servers"] == [{"url": "https://api.example"}]


def test_every_reference_leads_somewhere() -> None:
    found = set(_references(DOCUMENT))
    assert found
    for reference in found:
        node: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_described_as_it_is(operation: Any) -> None:
    path = re.sub(r"\{(\w+):path\}", r"{\1}", operation.path)
    described = DOCUMENT["paths"][path][operation.method.lower()]
    assert described["operationId"] == operation.name
    assert (described["security"] == []) is (operation.public and not operation.recognises)
    assert str(operation.status) in described["responses"]
    assert ("401" in described["responses"]) >= (not operation.public)
    assert ("requestBody" in described) is (operation.body is not None)
    assert ("415" in described["responses"]) is (operation.body is not None)
    assert "429" in described["responses"]
    named = {p["name"] for p in described.get("parameters", []) if p["in"] == "path"}
    assert named == set(re.findall(r"\{(\w+)", operation.path))


def test_operation_ids_and_routes_are_unique() -> None:
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)


def test_inputs_forbid_unknown_fields_in_the_document_too() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["NewApiKey"]["additionalProperties"] is False
    assert schemas["Login"]["required"] == ["username", "password"]


def test_no_operation_takes_a_secret_in_its_query() -> None:
    for item in DOCUMENT["paths"].values():
        for described in item.values():
            names = {p["name"] for p in described.get("parameters", []) if p["in"] == "query"}
            assert not names & {"token", "key", "api_key", "password", "secret"}
