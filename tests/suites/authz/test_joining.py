"""What lets somebody into a thing that several share."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.model import Target
from l7audit.target.target_model import TargetModel
from l7audit_suites.authz.families import seen_families
from l7audit_suites.authz.joining import joinings

TARGET = Target(name="t", provider="external", base_url="https://api.example", capabilities=[])
TEXT = {"type": "string"}
ANSWER: dict[str, Any] = {"responses": {"200": {"description": "ok"}}}


def takes(*names: str) -> dict[str, Any]:
    schema = {"type": "object", "required": names, "properties": dict.fromkeys(names, TEXT)}
    return {**ANSWER, "requestBody": {"content": {"application/json": {"schema": schema}}}}


def found(template: str, method: str, operation: dict[str, Any]) -> list[str]:
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Crews", "version": "1"},
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        },
        "paths": {
            "/crews": {"get": ANSWER, "post": takes("name")},
            "/crews/{crew_id}": {"get": ANSWER},
            template: {method: operation},
        },
    }
    model = TargetModel.of(json.dumps(document), TARGET)
    (family,) = [f for f in seen_families(model) if f.collection == "/crews"]
    return [str(s.operation.place) for s in joinings(model, family)]


@pytest.mark.parametrize(
    ("template", "method", "operation"),
    [
        ("/crews/{crew_id}/members", "post", takes("handle")),
        ("/crews/{crew_id}/members", "post", takes("user_id")),
        ("/crews/{crew_id}/people", "post", takes("email", "standing")),
        ("/crews/{crew_id}/members/{user_id}", "put", ANSWER),
        ("/crews/{crew_id}/members/{handle}", "put", ANSWER),
    ],
)
def test_who_is_let_in_is_named_in_the_body_or_in_the_path(
    template: str, method: str, operation: dict[str, Any]
) -> None:
    assert found(template, method, operation) == [f"{method.upper()} {template}"]


@pytest.mark.parametrize(
    ("template", "method", "operation"),
    [
        ("/crews/{crew_id}/posts", "post", takes("text")),
        ("/crews/{crew_id}/gifts", "post", takes("to_handle")),  # somebody else gets it
        ("/crews/{crew_id}/members/{user_id}", "delete", ANSWER),
        ("/crews/{crew_id}/tags/{tag}", "put", ANSWER),
        ("/crews/{crew_id}/members/{user_id}/mute", "post", ANSWER),
    ],
)
def test_what_names_nobody_or_lets_nobody_in_is_none(
    template: str, method: str, operation: dict[str, Any]
) -> None:
    assert found(template, method, operation) == []
