"""What plain reads teach of a target whose document says too little."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from l7audit.model import Credential, Identity, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.learnt import Learnt
from l7audit.target.manners import learn
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel

Says = Callable[..., Answer]
NO = {"ok": False, "error": "Sign in first"}


def learnt(
    answering: Any, target: Target, reply: Callable[[Request], Answer], *paths: str, told: bool
) -> Learnt:
    """What is learnt of a target with these reads; `told`: the document says that one more,
    `/mine`, is protected, and so is not silent."""
    done: dict[str, Any] = {"responses": {"200": {"description": "Done"}}}
    document: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {},
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        },
        "paths": {path: {"get": done} for path in paths},
    }
    if told:
        document["paths"]["/mine"] = {"get": {**done, "security": [{"key": []}]}}
    return learn(TargetModel.of(json.dumps(document), target, seed=7), answering(reply))


def test_what_even_members_are_refused_is_closed_to_strangers(
    answering: Any, answer: Says, target: Target
) -> None:
    def reply(request: Request) -> Answer:
        if request.path == "/news":
            return answer(200, [{"id": 1}])
        known = bool(request.header("X-API-Key"))
        if request.path == "/things" and known:
            return answer(200, {"ok": True, "things": [{"id": 1}]})
        return answer(200, {"ok": False, "error": "Not allowed"} if known else NO)

    found = learnt(answering, target, reply, "/news", "/things", "/admin/people", told=False)
    assert found.protected == {"GET /things", "GET /admin/people"}


def test_a_401_says_that_a_credential_would_help_whatever_the_document_calls_public(
    answering: Any, answer: Says, target: Target
) -> None:
    def reply(request: Request) -> Answer:
        return answer(401 if request.path == "/letters" else 403)

    found = learnt(answering, target, reply, "/letters", "/shut", told=True)
    assert found.protected == {"GET /letters"}


def test_what_is_not_there_is_not_taken_for_protected(
    answering: Any, answer: Says, target: Target
) -> None:
    found = learnt(answering, target, lambda _: answer(404), "/gone", told=False)
    assert not found.protected


def test_where_tokens_are_taken_is_learnt_where_it_is_not_behind_bearer(
    answering: Any, answer: Says
) -> None:
    def reply(request: Request) -> Answer:
        if request.path == "/login":
            return answer(200, {"token": "a1b2c3d4e5f6a7b8c9d0"})
        known = request.header("Authorization") == "Token a1b2c3d4e5f6a7b8c9d0"
        return answer(200, {"id": 1}) if known else answer(401, {"detail": "Who are you?"})

    bodies = {"properties": {"username": {"type": "string"}, "password": {"type": "string"}}}
    login = {"requestBody": {"content": {"application/json": {"schema": bodies}}}, "responses": {}}
    read: dict[str, Any] = {"responses": {"200": {"description": "Done"}}}
    ann = Identity(
        name="ann", credentials=[Credential(kind="password", name="ann", secret="ann-password")]
    )
    target = Target(
        base_url="https://api.example",
        identities=[ann],
        name="x",
        provider="external",
        capabilities=[],
    )
    for security in ([{"t": []}], None):  # a document may be silent about it
        mine = {**read, "security": security} if security else read
        document = {
            "openapi": "3.0.3",
            "info": {},
            "components": {"securitySchemes": {"t": {"type": "http", "scheme": "bearer"}}},
            "paths": {"/login": {"post": login}, "/mine": {"get": mine}},
        }
        model = TargetModel.of(json.dumps(document), target, seed=7)
        found = learn(model, answering(reply))
        assert found.carried == ("Authorization", "Token")
        sessions = Sessions(
            TargetModel.of(json.dumps(document), target, learnt=found), answering(reply)
        )
        assert sessions.auth(ann).value == "Token a1b2c3d4e5f6a7b8c9d0"
