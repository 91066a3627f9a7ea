"""What may stand beside the paths of a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.model import Target
from l7audit.target.target_model import TargetModel
from l7audit_suites.expose.routes import (
    collections,
    documented,
    elsewhere,
    folders,
    in_version,
    neighbours,
    version_of,
    versions,
)

_LIST = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}
_GET: dict[str, Any] = {
    "responses": {"200": {"description": "", "content": {"application/json": {"schema": _LIST}}}},
    "security": [{"key": []}],
}


@pytest.fixture
def model() -> TargetModel:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Boards", "version": "1"},
        "paths": {
            "/api/v2/boards": {"get": _GET, "post": _GET},
            "/api/v2/boards/{boardId}": {"get": _GET, "delete": _GET},
            "/api/v2/entries": {"get": _GET, "post": _GET},
            "/api/v2/blobs": {"get": _GET},
            "/api/v2/blobs/{name}": {"get": _GET, "put": _GET},
            "/pulse": {"get": _GET},
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        },
    }
    target = Target(
        name="t", provider="external", base_url="https://api.example/edge", capabilities=[]
    )
    return TargetModel.of(json.dumps(document), target)


def test_folders_are_the_root_the_prefix_and_what_paths_share(model: TargetModel) -> None:
    assert folders(model) == ["", "/edge", "/edge/api/v2"]


def test_a_path_is_documented_with_the_prefix_and_without(model: TargetModel) -> None:
    assert documented(model, "/edge/api/v2/boards/7")
    assert documented(model, "/pulse")
    assert not documented(model, "/edge/api/v2/board")
    assert not documented(model, "/api/v2/boards/7/cards")


def test_neighbours_are_other_numbers_other_words_and_other_versions(model: TargetModel) -> None:
    found: dict[str, list[str]] = {}
    for folder, names in neighbours(model):
        found.setdefault(folder, []).extend(names)
    assert "board" in found["/edge/api/v2"]
    assert "boards" not in found["/edge/api/v2"]
    assert "export" in found["/edge/api/v2/boards"]
    assert "boards" in found["/edge/api/v1"]
    assert "boards" in found["/edge/api/v2/internal"]


def test_a_collection_that_is_told_by_its_things_alone_is_asked_for() -> None:
    paths = {"/boards/{boardId}": {"get": _GET}, "/boards/{boardId}/cards": {"get": _GET}}
    document = {"openapi": "3.1.0", "info": {"title": "B", "version": "1"}, "paths": paths}
    target = Target(name="t", provider="external", base_url="https://x.example", capabilities=[])
    found = dict(neighbours(TargetModel.of(json.dumps(document), target)))
    assert "boards" in found[""]


def test_what_callers_name_themselves_is_searched_for_no_words(model: TargetModel) -> None:
    assert "/api/v2/blobs" in collections(model)
    assert "/edge/api/v2/blobs" not in dict(neighbours(model))


def test_versions_around_the_current_one_are_tried() -> None:
    assert version_of("/api/v2/boards") == "v2"
    assert version_of("/vault/boards") == ""
    assert {"v0", "v1", "v3", "beta"} <= set(versions("v2"))
    assert "v2" not in versions("v2")
    assert in_version("/api/v2/boards", "v2", "v1") == "/api/v1/boards"
    assert in_version("/api/v2/boards", "v2", "") == "/api/boards"


@pytest.mark.parametrize(
    ("base", "template", "first", "found"),
    [
        ("", "/v2/boards", False, ["/v1/boards", "/v3/boards"]),
        ("/v2", "/boards", False, ["/v1/boards", "/v3/boards"]),
        ("", "/boards", True, ["/v1/boards", "/v0/boards", "/api/v1/boards"]),
        ("", "/api/boards", True, ["/api/v1/boards", "/api/v0/boards", "/v1/boards"]),
        ("/edge", "/boards", True, ["/edge/v1/boards", "/edge/v0/boards", "/edge/api/v1/boards"]),
        ("/api", "/boards", True, ["/api/v1/boards", "/api/v0/boards", "/v1/boards"]),
    ],
)
def test_a_path_stands_elsewhere_in_other_versions(
    base: str, template: str, first: bool, found: list[str]
) -> None:
    target = Target(name="t", provider="external", base_url=f"https://a.b{base}", capabilities=[])
    other = elsewhere(TargetModel.of("", target), base + template, template, first=first)
    assert [path for path, _ in other] == found


def test_where_a_version_is_named_an_older_one_behind_api_is_tried_once(model: TargetModel) -> None:
    first = elsewhere(model, "/v2/boards", "/v2/boards", first=True)
    assert ("/api/v1/boards", "/api/v1/boards") in first
    assert ("/boards", "/boards") in first
    behind = elsewhere(model, "/api/v2/boards", "/api/v2/boards", first=True)
    assert not [path for path, _ in behind if "/api/api/" in path]
