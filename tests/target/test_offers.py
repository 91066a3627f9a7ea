"""Methods that a target takes, whatever its document says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.model import Safety, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.manners import learn
from l7audit.target.target_model import TargetModel

THING = {"type": "object", "properties": {"id": {"type": "integer"}, "title": {"type": "string"}}}
KEY = {"security": [{"key": []}]}
DONE = {
    "responses": {"200": {"description": "D", "content": {"application/json": {"schema": THING}}}}
}
MADE = {
    **KEY,
    "responses": {"201": {"description": "D"}},
    "requestBody": {"content": {"application/json": {"schema": THING}}},
}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {},
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
    },
    "paths": {
        "/things": {"post": MADE},
        "/things/{thing}": {"get": {**KEY, **DONE, "parameters": [
            {"name": "thing", "in": "path", "required": True, "schema": {"type": "integer"}}]}},
    },
}  # fmt: skip

Says = Callable[..., Answer]


def model(
    answering: Any, target: Target, reply: Callable[[Request], Answer]
) -> tuple[TargetModel, list[str]]:
    """The model as it is learnt, and the methods that were tried on a thing."""
    asked: list[str] = []

    def heard(request: Request) -> Answer:
        if request.path.startswith("/things/"):
            asked.append(request.method)
        return reply(request)

    text = json.dumps(DOCUMENT)
    learnt = learn(TargetModel.of(text, target, seed=7), answering(heard))
    return TargetModel.of(text, target, seed=7, learnt=learnt), asked


def methods(found: TargetModel) -> set[str]:
    return {o.method for o in found.operations if o.template == "/things/{thing}"}


def test_methods_that_are_offered_and_taken_are_operations_of_no_document(
    answering: Any, answer: Says, target: Target
) -> None:
    def reply(request: Request) -> Answer:
        if request.method == "OPTIONS":
            return answer(204, None, *{"Allow": "GET, PATCH, DELETE, OPTIONS"}.items())
        return answer(404, {"error": "no such thing"})

    found, asked = model(answering, target, reply)
    assert methods(found) == {"GET", "PATCH", "DELETE"}
    assert {o.method for o in found.documented} == {"GET", "POST"}
    assert asked == ["OPTIONS", "PATCH", "DELETE"]
    change = next(o for o in found.operations if o.method == "PATCH")
    assert set(change.json_schema["properties"]) == {"title"}
    assert not change.public


def test_a_router_that_names_all_its_methods_is_not_asked_further(
    answering: Any, answer: Says, target: Target
) -> None:
    found, asked = model(
        answering, target, lambda _: answer(405, None, *{"Allow": "GET, OPTIONS"}.items())
    )
    assert methods(found) == {"GET"}
    assert asked == ["OPTIONS"]


@pytest.mark.parametrize("status", [405, 501, 403, 401])
def test_what_is_offered_and_refused_is_no_operation(
    answering: Any, answer: Says, target: Target, status: int
) -> None:
    def reply(request: Request) -> Answer:
        allow = {"Allow": "GET, PUT, PATCH, DELETE"}
        return answer(204, None, *allow.items()) if request.method == "OPTIONS" else answer(status)

    assert methods(model(answering, target, reply)[0]) == {"GET"}


def test_a_router_that_says_of_unknown_methods_that_there_is_nothing_is_understood(
    answering: Any, answer: Says, target: Target
) -> None:
    def reply(request: Request) -> Answer:
        if request.method == "DELETE":
            return answer(404, {"error": "no such thing"})
        return answer(404, {"error": f"Route {request.method}:{request.path} not found"})

    assert methods(model(answering, target, reply)[0]) == {"GET", "DELETE"}


def test_nothing_is_tried_where_nothing_may_be_changed(
    answering: Any, answer: Says, target: Target
) -> None:
    text = json.dumps(DOCUMENT)
    asked: list[str] = []

    def reply(request: Request) -> Answer:
        asked.append(request.method)
        return answer(404)

    learn(TargetModel.of(text, target, seed=7), answering(reply, Safety.ACTIVE))
    assert set(asked) <= {"GET"}
