"""A login that was used up when a check comes, and says when it is open again."""

from __future__ import annotations

import json
import time
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import Answer, audited, said, served, stranger

from l7audit.journal import CheckEnded, of_type
from l7audit.model import Credential, Identity, Verdict

PASSWORDS = {"ada": "ferry-Timetable-88", "bob": "ceramic-Glaze-401"}
TEXT = {"type": "string"}
PAUSE = 22.0
"""Seconds: longer than any request is waited for."""


def takes(*names: str) -> dict[str, Any]:
    schema = {"type": "object", "required": names, "properties": dict.fromkeys(names, TEXT)}
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


DONE = {"responses": {"200": {"description": "Done"}}}
DOCUMENT = json.dumps(
    {
        "openapi": "3.0.3",
        "info": {"title": "Passwords", "version": "1"},
        "security": [{"session": []}],
        "components": {"securitySchemes": {"session": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/login": {"post": {**DONE, **takes("username", "password"), "security": []}},
            "/me": {"get": DONE},
            "/me/password": {"post": {**DONE, **takes("current_password", "new_password")}},
        },
    }
)


class Passwords:
    """Opens its login for so many at a time, and again a while later. The careless keep sessions
    of an old password."""

    def __init__(self, *, careless: bool, at_once: int, opens: float) -> None:
        self.careless, self.at_once = careless, at_once
        self.left, self.opens = 0, time.monotonic() + opens
        self.passwords = dict(PASSWORDS)
        self.sessions: dict[str, tuple[str, str]] = {}

    def answer(self, _: str, path: str, headers: Message, body: Any) -> Answer:
        given = body if isinstance(body, dict) else {}
        if path == "/login":
            return self._login(str(given.get("username")), str(given.get("password")))
        token = str(headers.get("Authorization")).removeprefix("Bearer ")
        who, password = self.sessions.get(token, ("", ""))
        if not who or (self.passwords[who] != password and not self.careless):
            return said(401, {"error": "sign in"})
        if path == "/me/password":
            if given.get("current_password") != self.passwords[who]:
                return said(403, {"error": "no"})
            self.passwords[who] = str(given.get("new_password"))
        return said(200, {"name": who, "text": f"what only {who} is told"})

    def _login(self, name: str, password: str) -> Answer:
        wait = self.opens - time.monotonic()
        if self.left < 1 and wait > 0:
            status, content, fields = said(429, {"error": "too many"})
            return status, content, {**fields, "Retry-After": str(int(wait) + 1)}
        if self.left < 1:
            self.left, self.opens = self.at_once, time.monotonic() + 3600
        self.left -= 1
        if self.passwords.get(name) != password:
            return said(401, {"error": "no"})
        token = f"session-of-{name}-{len(self.sessions) + 1815}"
        self.sessions[token] = (name, password)
        return said(200, {"access_token": token})


def end(log: Path, passwords: Passwords, control: str) -> CheckEnded:
    people = [
        Identity(name=n, role="member", credentials=[Credential(kind="password", name=n, secret=p)])
        for n, p in PASSWORDS.items()
    ]
    with served(passwords.answer) as url:
        target = stranger("passwords", url, people)
        (ended,) = of_type(audited(str(log), target, DOCUMENT, [control]), CheckEnded)
    return ended


@pytest.mark.parametrize("careless", [False, True])
def test_the_check_of_old_sessions_waits_for_its_login(tmp_path: Path, careless: bool) -> None:
    passwords = Passwords(careless=careless, at_once=100, opens=PAUSE)
    ended = end(tmp_path / "log", passwords, "AUTHN-35")
    assert ended.verdict is (Verdict.FAIL if careless else Verdict.PASS), ended.reason
    assert passwords.passwords == PASSWORDS


def test_guesses_that_nobody_answered_are_no_pass(tmp_path: Path) -> None:
    ended = end(tmp_path / "log", Passwords(careless=False, at_once=3, opens=0), "AUTHN-33")
    assert (ended.verdict, "429" in ended.reason) == (Verdict.INCONCLUSIVE, True)
