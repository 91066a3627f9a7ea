"""Families: operations that are about one kind of thing."""

from __future__ import annotations

import json

from l7audit.model import Target
from l7audit.target.target_model import TargetModel
from l7audit_suites.authz.families import families, seen_families


def test_things_that_can_be_made_seen_and_removed_are_families_nested_ones_last(
    model: TargetModel,
) -> None:
    assert [f.collection for f in families(model)] == [
        "/blobs",
        "/boards",
        "/boards/{boardId}/cards",
    ]


def test_a_family_knows_its_operations(model: TargetModel) -> None:
    blobs, boards, cards = families(model)
    assert blobs.create is None
    assert str(blobs.maker and blobs.maker.place()) == "PUT /blobs/{name}"
    assert str(boards.maker and boards.maker.place()) == "POST /boards"
    assert str(boards.change and boards.change.place()) == "PATCH /boards/{boardId}"
    assert [str(s.place()) for s in boards.below] == ["POST /boards/{boardId}/archive"]
    assert (boards.key, boards.called, boards.nested) == ("boardId", ("board",), False)
    assert (cards.key, cards.parent, cards.nested) == ("cardId", "/boards", True)


def test_what_nobody_can_make_is_a_family_too_where_it_can_be_looked_at(
    model: TargetModel,
) -> None:
    found = {f.collection: f for f in seen_families(model)}
    assert set(found) == {"/blobs", "/boards", "/boards/{boardId}/cards", "/prices"}
    assert found["/prices"].maker is None
    assert [str(s.place()) for s in found["/boards"].views] == ["GET /boards/{boardId}/cards"]


def test_things_with_an_address_of_their_own_may_be_made_in_more_than_one_place() -> None:
    text = {"type": "object", "properties": {"text": {"type": "string"}}}
    write = {"requestBody": {"content": {"application/json": {"schema": text}}}, "responses": {}}
    paths = {
        "/lamps/{id}/parts": {"post": write},
        "/pans/{id}/parts": {"post": write, "get": {"responses": {}}},
        "/parts/{id}": {"get": {"responses": {}}, "delete": {"responses": {}}},
        "/lamps": {"get": {"responses": {}}},
        "/lamps/{id}": {"get": {"responses": {}}},
        "/pans": {"get": {"responses": {}}},
        "/pans/{id}": {"get": {"responses": {}}},
    }
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    document = {
        "openapi": "3.0.3",
        "security": [{"key": []}],
        "paths": paths,
        "components": {"securitySchemes": {"key": scheme}},
    }
    target = Target(name="t", provider="external", base_url="https://api.example", capabilities=[])
    parts = next(
        f
        for f in families(TargetModel.of(json.dumps(document), target))
        if f.collection == "/parts"
    )
    assert [(f.home, f.parent) for f in parts.alternatives] == [
        ("/lamps/{id}/parts", "/lamps"),
        ("/pans/{id}/parts", "/pans"),
    ]
