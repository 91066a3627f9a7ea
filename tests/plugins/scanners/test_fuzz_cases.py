"""Requests made up from a document: the same each time, and wrong only where that shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from l7audit.errors import ScanError
from l7audit.probe.request import Request
from l7audit_plugins.scanners.fuzz_cases import Amount, Made, made, read_kindly, settle

PAGE = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 9}}
THING = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 5}, "size": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        "/things": {
            "get": {"parameters": [PAGE], "responses": {"200": {"description": "D"}}},
            "post": {
                "requestBody": {"content": {"application/json": {"schema": THING}}},
                "responses": {"201": {"description": "D"}},
            },
        },
        "/others": {"get": {"responses": {"200": {"description": "D"}}}},
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-K"}}},
}
BOTH = frozenset({"GET /things", "POST /things"})
MOST = Amount(most=400, drawn=0, operations=0)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[Made, ...]]:
    settle(tmp_path)

    def requests(
        seed: int = 1, amount: Amount = MOST, labels: Any = BOTH, document: Any = DOCUMENT
    ) -> tuple[Made, ...]:
        made.cache_clear()
        return made(json.dumps(document), "/api", labels, seed, amount)

    return requests


def value(request: Request) -> str:
    """The page's size that a request asks for."""
    return request.path.partition("limit=")[2].partition("&")[0]


def seen(found: tuple[Made, ...]) -> list[tuple[str, bool, str, Request]]:
    return [(m.label, m.positive, m.wrong, m.request) for m in found]


def test_the_same_seed_makes_the_same_requests_and_another_makes_others(make: Any) -> None:
    few = Amount(most=12, drawn=2, operations=2)
    assert seen(make(7, few)) == seen(make(7, few))
    assert seen(make(7, few)) != seen(make(8, few))


def test_only_what_was_asked_for_is_made_and_nobody_is_authenticated(make: Any) -> None:
    found = make(labels=frozenset({"GET /things"}))
    assert {m.label for m in found} == {"GET /things"}
    assert all(m.request.path.startswith("/api/things") for m in found)
    assert not any(m.request.header("X-K") or m.request.header("Authorization") for m in found)


def test_what_does_not_fit_says_where(make: Any) -> None:
    found = make()
    wrong = {m.wrong for m in found if not m.positive}
    assert {"query limit", "body name", "body size"} <= wrong
    assert not any(m.wrong for m in found if m.positive)
    for one in found:
        if one.wrong == "query limit":
            assert "limit=" in one.request.path
            limit = value(one.request)
            assert not (limit.isdecimal() and 1 <= int(limit) <= 9)


@pytest.mark.parametrize(
    ("sent", "breaks"),
    [
        ({"name": 12}, False),
        ({"name": 123456}, True),
        ({"name": None}, True),
        ({"name": ["12"]}, True),
        ({"name": "a", "size": "12"}, False),
        ({"name": "a", "size": "many"}, True),
    ],
)
def test_what_is_read_kindly_keeps_its_bounds(sent: Any, breaks: bool) -> None:
    check = jsonschema_rs.validator_for(THING)
    errors = [list(e.instance_path) for e in check.iter_errors(sent)]
    assert errors
    assert breaks == any(not read_kindly(check, sent, path) for path in errors)


def test_there_are_requests_of_both_kinds_even_where_few_are_wanted(make: Any) -> None:
    found = make(3, Amount(most=8, drawn=0, operations=0))
    for label in BOTH:
        kinds = {m.positive for m in found if m.label == label}
        assert kinds == {True, False}
        assert len([m for m in found if m.label == label]) <= 4


@pytest.mark.parametrize("seed", range(8))
def test_a_bound_that_many_operations_share_is_broken_whatever_the_seed(
    make: Any, seed: int
) -> None:
    paths = {f"/{n}s": DOCUMENT["paths"]["/things"] for n in ("cup", "pan", "pot", "jar")}
    labels = frozenset(f"GET {path}" for path in paths)
    found = make(seed, Amount(most=16, drawn=0, operations=0), labels, {**DOCUMENT, "paths": paths})
    assert {m.label for m in found} == labels
    assert "0" in {value(m.request) for m in found}
    assert "10" in {value(m.request) for m in found}


def test_a_bound_is_broken_alone(make: Any) -> None:
    """A cursor that fits its schema is refused by many: nobody gave it out."""
    cursor = {"name": "cursor", "in": "query", "schema": {"type": "string", "maxLength": 40}}
    least = {"name": "kind", "in": "query", "required": True, "schema": {"type": "string"}}
    operation = {"parameters": [PAGE, cursor, least], "responses": {"200": {"description": "D"}}}
    document = {**DOCUMENT, "paths": {"/things": {"get": operation}}}
    found = make(labels=frozenset({"GET /things"}), document=document)
    broken = [m.request.path for m in found if m.wrong == "query limit"]
    assert broken
    assert all("kind=" in path for path in broken)
    assert not any("cursor=" in path for path in broken)


def test_a_document_that_cannot_be_read_is_said() -> None:
    with pytest.raises(ScanError, match=r"schemathesis cannot read the document"):
        made('{"openapi": "3.1.0", "paths": 5}', "", BOTH, 1, MOST)
