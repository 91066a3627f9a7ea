"""Where operators put what is theirs."""

from __future__ import annotations

import json
from typing import Any

from l7audit.model import Target
from l7audit.target.target_model import TargetModel
from l7audit_suites.expose.operators import MOST, operators_places, own_nouns

_LIST = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}


def _model(*templates: str, tags: tuple[str, ...] = ()) -> TargetModel:
    get: dict[str, Any] = {
        "security": [{"key": []}],
        "tags": [*tags],
        "responses": {
            "200": {"description": "", "content": {"application/json": {"schema": _LIST}}}
        },
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Boats", "version": "1"},
        "paths": {template: {"get": get, "post": get} for template in templates},
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        },
    }
    target = Target(name="t", provider="external", base_url="https://api.example", capabilities=[])
    return TargetModel.of(json.dumps(document), target)


def test_nouns_are_those_of_collections_and_of_tags_in_the_plural() -> None:
    model = _model("/api/boats", "/api/boats/{id}", "/api/trips", tags=("harbour", "trips", "a b"))
    assert own_nouns(model) == ("boats", "trips", "harbours")


def test_folders_stand_at_the_root_and_where_the_collections_lie() -> None:
    places = dict(operators_places(_model("/api/boats", "/api/trips")))
    assert {"boats", "trips", "sessions"} <= set(places["/internal"])
    assert "settings" in places["/api/_debug"]


def test_what_the_document_has_is_not_tried() -> None:
    places = dict(operators_places(_model("/boats", "/admin/users")))
    assert "users" not in places["/admin"]
    assert "users" in places["/internal"]


def test_they_are_no_more_than_the_most_however_much_there_is() -> None:
    named = [f"/api/{letter * 3}" for letter in "bcdfghjklmnp"]
    names = [n for _, found in operators_places(_model(*named)) for n in found]
    assert len(names) <= MOST
