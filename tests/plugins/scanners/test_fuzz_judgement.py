"""What an answer to a generated request shows, and what only looks as if it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l7audit.model import Kind, Safety
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit.target.operation import Operation
from l7audit_plugins.scanners.fuzz_cases import Amount, Made, made, settle
from l7audit_plugins.scanners.fuzz_judgement import (
    MOST_BYTES,
    Rule,
    accepted,
    against_the_document,
    broken,
)
from l7audit_plugins.scanners.schemathesis import may_be_fuzzed

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/things": {
            "get": {
                "parameters": [{"name": "n", "in": "query", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "D",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "required": ["id"]},
                            }
                        },
                    }
                },
            }
        }
    },
}


def answer(status: int | None, body: bytes = b"{}", error: str = "", **fields: str) -> Answer:
    pairs = {"Content-Type": "application/json"} | {
        k.replace("_", "-"): v for k, v in fields.items()
    }
    return Answer(
        Request("GET", "/things"), status, Headers(pairs.items()), body, error=error, exchange="e-1"
    )


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    folder: Path = tmp_path_factory.mktemp("hypothesis")
    settle(folder)
    labels = frozenset({"GET /things"})
    return list(made(json.dumps(DOCUMENT), "", labels, 1, Amount(40, 0, 0)))


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (answer(500), Rule.BROKE),
        (answer(502), Rule.BROKE),
        (answer(503), Rule.BROKE),
        (answer(503, Retry_After="3"), None),
        (answer(501), None),
        (answer(422), None),
        (answer(200), None),
        (answer(None, error="no complete answer in time"), Rule.ENDLESS),
        (answer(None, error="the connection was closed without an answer"), Rule.LOST),
        (answer(200, b" " * (MOST_BYTES + 1)), Rule.LARGE),
        (answer(200, b" " * MOST_BYTES), None),
    ],
)
def test_a_service_that_failed_is_told_from_one_that_refuses(
    given: Answer, rule: Rule | None
) -> None:
    assert broken(given) is rule


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (answer(200, b'{"id": 1}'), None),
        (answer(200, b'{"id": 1, "more": 2}'), None),
        (answer(200, b"{}"), Rule.OTHER_SHAPE),
        (answer(200, b"{"), Rule.OTHER_SHAPE),
        (answer(204, b""), Rule.UNDOCUMENTED),
        (answer(418), None),
        (answer(500), None),
    ],
)
def test_only_successes_are_held_against_the_document(
    given: Answer, rule: Rule | None, requests: list[Made]
) -> None:
    found = against_the_document(requests[0], given)
    assert (found[0] if found else None) is rule


def test_accepted_is_what_is_wrong_on_the_wire_and_went_through(requests: list[Made]) -> None:
    wrong = next(m for m in requests if m.wrong)
    right = next(m for m in requests if m.positive)
    assert accepted(wrong, answer(200))
    assert not accepted(wrong, answer(422))
    assert not accepted(right, answer(200))


@pytest.mark.parametrize(
    ("method", "kinds", "least"),
    [
        ("GET", {Kind.PROTECTED_READ}, Safety.ACTIVE),
        ("POST", {Kind.RESOURCE_CREATE}, Safety.INTRUSIVE),
        ("POST", {Kind.SEARCH}, Safety.INTRUSIVE),
        ("POST", {Kind.UPLOAD}, Safety.INTRUSIVE),
        ("DELETE", {Kind.RESOURCE_DELETE}, None),
        ("POST", {Kind.REVOKE_TOKEN}, None),
        ("POST", {Kind.RESOURCE_CREATE, Kind.KEY_CREATE}, None),
        ("PUT", {Kind.RESOURCE_CHANGE, Kind.RATE_POLICY}, None),
        ("POST", {Kind.RESOURCE_CREATE, Kind.URL_TAKING}, None),
        ("POST", set(), None),
    ],
)
def test_what_may_be_fuzzed_depends_on_what_it_does(
    method: str, kinds: Any, least: Safety | None
) -> None:
    operation = Operation("o", method, "/x", kinds=frozenset(kinds))
    allowed = [s for s in Safety if s.rank >= Safety.ACTIVE.rank and may_be_fuzzed(operation, s)]
    assert allowed == [s for s in Safety if least is not None and s.rank >= least.rank]
