"""Sessions that are taken from the address, too, under the names that they have elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import Message
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from small_server import Answer, audited, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Credential, Identity, Verdict

PEOPLE = {"ada": "ferry-Timetable-88", "bob": "ceramic-Glaze-401"}
SESSIONS = {f"a-session-of-{name}-1815": name for name in PEOPLE}
TEXT = {"type": "string"}
SCHEMES = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": "quay"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
GIVES = {"cookie": {"name": TEXT}, "bearer": {"moorTicket": TEXT}}


def told(schema: dict[str, Any]) -> Any:
    return {"application/json": {"schema": {"type": "object", "properties": schema}}}


def document(kind: str) -> str:
    """Sessions by a cookie or a bearer token, whose member in the login's answer is named."""
    login = {
        "security": [],
        "requestBody": {"content": told({"username": TEXT, "password": TEXT})},
        "responses": {"200": {"description": "In", "content": told(GIVES[kind])}},
    }
    me = {"responses": {"200": {"description": "You", "content": told({"name": TEXT})}}}
    return json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "Quay", "version": "1"},
            "security": [{kind: []}],
            "components": {"securitySchemes": {kind: SCHEMES[kind]}},
            "paths": {"/login": {"post": login}, "/me": {"get": me}},
        }
    )


class Quay:
    """Takes a session from `taken` in the query, if that is named; the strict takes no other name
    there."""

    def __init__(self, kind: str, taken: str, *, strict: bool = False) -> None:
        self.kind, self.taken, self.strict = kind, taken, strict
        self.asked = 0

    def answer(self, _: str, path: str, headers: Message, body: Any) -> Answer:
        bare, _, text = path.partition("?")
        query = parse_qs(text)
        if bare == "/login":
            return self._login(body if isinstance(body, dict) else {})
        self.asked += bool(query)
        if self.strict and set(query) - {self.taken}:
            return said(400, {"error": "no such parameter"})
        who = SESSIONS.get(self._session(headers) or query.get(self.taken, [""])[0])
        if bare == "/me" and who:
            return said(200, {"name": who, "text": f"what only {who} is told"})
        return said(401 if bare == "/me" else 404, {"error": "who are you?"})

    def _session(self, headers: Message) -> str:
        if self.kind == "bearer":
            return str(headers.get("Authorization", "")).removeprefix("Bearer ")
        cookies: SimpleCookie = SimpleCookie(str(headers.get("Cookie", "")))
        return cookies["quay"].value if "quay" in cookies else ""

    def _login(self, body: dict[str, Any]) -> Answer:
        name = str(body.get("username"))
        if PEOPLE.get(name) != body.get("password"):
            return said(401, {"error": "no"})
        session = next(s for s, who in SESSIONS.items() if who == name)
        if self.kind == "bearer":
            return said(200, {"moorTicket": session})
        status, content, fields = said(200, {"name": name})
        return status, content, {**fields, "Set-Cookie": f"quay={session}; HttpOnly; Path=/"}


WITH_PASSWORDS = [
    Identity(name=n, role="member", credentials=[Credential(kind="password", name=n, secret=p)])
    for n, p in PEOPLE.items()
]


def found(
    log: Path, quay: Quay, people: Sequence[Identity] = WITH_PASSWORDS
) -> tuple[list[Violation], Verdict]:
    with served(quay.answer) as url:
        target = stranger("quay", url, list(people))
        records = audited(str(log), target, document(quay.kind), ["AUTHN-05"])
    (end,) = of_type(records, CheckEnded)
    return list(of_type(records, Violation)), end.verdict


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize(
    ("kind", "taken"),
    [("cookie", "quay"), ("cookie", "sid"), ("bearer", "moorTicket"), ("bearer", "session")],
)
def test_a_session_in_the_address_is_found_by_its_names(
    tmp_path: Path, kind: str, taken: str, strict: bool
) -> None:
    (violation,), _ = found(tmp_path / "log", Quay(kind, taken, strict=strict))
    assert violation.place.part == "credential in the query"
    assert f"as {taken}," in violation.statement


def test_a_session_that_the_profile_gives_is_tried_like_one_that_was_got(tmp_path: Path) -> None:
    given = next(iter(SESSIONS))
    one = Identity(
        name="ada",
        role="member",
        credentials=[Credential(kind="cookie", name="quay", secret=given)],
    )
    (violation,), _ = found(tmp_path / "log", Quay("cookie", "sid"), [one])
    assert "as sid," in violation.statement


@pytest.mark.parametrize("kind", ["cookie", "bearer"])
def test_where_none_is_taken_few_requests_say_so(tmp_path: Path, kind: str) -> None:
    quay = Quay(kind, "nothing-of-the-kind")
    assert found(tmp_path / "log", quay) == ([], Verdict.PASS)
    assert quay.asked <= 3
