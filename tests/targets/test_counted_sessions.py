"""Sessions whose tokens are counted up: whoever is signed in can be the next one."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from email.message import Message
from typing import Any

import pytest
from small_server import Answer, audited, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Credential, Identity, Verdict

PEOPLE = {"ada": "ferry-Timetable-88", "bob": "ceramic-Glaze-401"}
TEXT = {"type": "string"}


def _told(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object", "properties": schema}}}
    return {"responses": {"200": {"description": "Done", "content": content}}, **more}


LOGIN = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {"username": TEXT, "password": TEXT},
}
DOCUMENT = json.dumps(
    {
        "openapi": "3.0.3",
        "info": {"title": "Sessions", "version": "1"},
        "security": [{"session": []}],
        "components": {"securitySchemes": {"session": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/login": {
                "post": _told(
                    {"token": TEXT},
                    security=[],
                    requestBody={"content": {"application/json": {"schema": LOGIN}}},
                )
            },
            "/me": {"get": _told({"name": TEXT})},
        },
    }
)

Token = Callable[[str, int], str]


def _in_base64(name: str, number: int) -> str:
    return base64.b64encode(f"{name}:{1_790_000_000 + number}".encode()).decode()


@pytest.mark.parametrize(
    ("token", "verdict"),
    [
        pytest.param(lambda _, n: f"session-{100_041 + n}", Verdict.FAIL, id="counted"),
        pytest.param(_in_base64, Verdict.FAIL, id="who and when"),
        pytest.param(lambda *_: secrets.token_hex(16), Verdict.PASS, id="drawn"),
        pytest.param(
            lambda name, n: f"{name}-{1_790_000_000 + n}-{secrets.token_urlsafe(16)}",
            Verdict.PASS,
            id="drawn after who and when",
        ),
    ],
)
def test_the_token_of_the_next_session_is_not_told_by_the_last(
    tmp_path: Any, token: Token, verdict: Verdict
) -> None:
    sessions: dict[str, str] = {}

    def answer(method: str, path: str, headers: Message, body: Any) -> Answer:
        who = sessions.get(str(headers.get("Authorization")).removeprefix("Bearer "))
        given = body if isinstance(body, dict) else {}
        name = str(given.get("username"))
        status, value = 401, {"error": "who are you?"}
        right = name in PEOPLE and given.get("password") == PEOPLE[name]
        if (method, path) == ("POST", "/login") and right:
            status, value = 200, {"token": token(name, len(sessions))}
            sessions[value["token"]] = name
        elif who is not None:
            known = (method, path) == ("GET", "/me")
            status, value = (200, {"name": who}) if known else (404, {"error": "no such page"})
        return said(status, value)

    people = [
        Identity(
            name=name,
            role="member",
            credentials=[Credential(kind="password", name=name, secret=word)],
        )
        for name, word in PEOPLE.items()
    ]
    with served(answer) as url:
        target = stranger("sessions", url, people)
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ["FLOW-05"])
    assert [e.verdict for e in of_type(records, CheckEnded)] == [verdict]
    found = {v.place.operation for v in of_type(records, Violation)}
    assert found == ({"POST /login"} if verdict is Verdict.FAIL else set())
