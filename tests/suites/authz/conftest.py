"""A small API that nobody runs, as a model and as answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.model import Credential, Identity, Target
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit.target.target_model import TargetModel


def _one(what: str) -> dict[str, Any]:
    return {"description": "ok", "content": {"application/json": {"schema": {"title": what}}}}


def _operation(body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"responses": {"200": _one("thing")}, **more}
    if body is not None:
        schema = {"type": "object", "properties": body, "required": list(body)[:1]}
        described["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return described


TEXT = {"type": "string", "maxLength": 200}
PATHS = {
    "/boards": {"get": _operation(), "post": _operation({"title": TEXT})},
    "/boards/{boardId}": {
        "get": _operation(),
        "patch": _operation({"title": TEXT}),
        "delete": _operation(),
    },
    "/boards/{boardId}/archive": {"post": _operation()},
    "/boards/{boardId}/cards": {"get": _operation(), "post": _operation({"text": TEXT})},
    "/boards/{boardId}/cards/{cardId}": {"get": _operation(), "delete": _operation()},
    "/blobs/{name}": {"get": _operation(), "put": _operation(), "delete": _operation()},
    "/prices": {"get": _operation()},
    "/prices/{code}": {"get": _operation()},
    "/open/{key}": {"get": _operation(security=[]), "put": _operation(security=[])},
}


@pytest.fixture
def model() -> TargetModel:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Boards", "version": "1"},
        "security": [{"key": []}],
        "paths": PATHS,
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        },
    }
    target = Target(name="t", provider="external", base_url="https://api.example", capabilities=[])
    return TargetModel.of(json.dumps(document), target)


@pytest.fixture
def person() -> Callable[..., Identity]:
    def made(name: str, role: str = "user", tenant: str = "", *tags: str) -> Identity:
        key = Credential(kind="api_key", secret=f"key-of-{name}")
        return Identity(name=name, role=role, tenant=tenant, tags=list(tags), credentials=[key])

    return made


@pytest.fixture
def answer() -> Callable[..., Answer]:
    def made(status: int | None = 200, body: Any = None, *headers: tuple[str, str]) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        return Answer(Request("GET", "/"), status, Headers(headers), content)

    return made
