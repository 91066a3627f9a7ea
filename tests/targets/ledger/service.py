"""Notes of two people, in a service that says no in whatever way it is told.

`style` is how it refuses (`STYLES`), `weak` what is wrong with it (`WEAKNESSES`). Its document may
be silent: `describe` leaves out what it says of security and of answers.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

from small_server import Answer, served, stranger

from l7audit.model import Credential, Identity, Target

STYLES = ("status", "envelope", "odd", "redirect", "page", "nothing", "empty", "missing")
WEAKNESSES = ("read", "write", "other-read", "other-change", "other-delete")
KEY = "X-Ledger-Key"
KEYS = {"ann-key-5d1c": "ann", "bob-key-77a0": "bob"}
_LOGIN_PAGE = b"<html><form><input name=u><input type='password' name=p></form></html>"

_NOTE = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
}
_NEW = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}


def document(*, secured: bool = True, answers: bool = True) -> str:
    """Its OpenAPI document; `secured` and `answers` say whether it tells of these."""

    def gives(schema: dict[str, Any], status: str = "200") -> dict[str, Any]:
        told: dict[str, Any] = {"description": "Done"}
        if answers:
            told["content"] = {"application/json": {"schema": schema}}
        return {"responses": {status: told}}

    takes = {"requestBody": {"content": {"application/json": {"schema": _NEW}}}}
    listed = {"type": "array", "items": _NOTE}
    nothing = {"responses": {"204": {"description": "Gone"}}}
    described: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {"title": "Ledger", "version": "1"},
        "paths": {
            "/notes": {"get": gives(listed), "post": {**takes, **gives(_NOTE, "201")}},
            "/notes/{id}": {
                "get": {"parameters": [_ID], **gives(_NOTE)},
                "put": {"parameters": [_ID], **takes, **gives(_NOTE)},
                "delete": {"parameters": [_ID], **nothing},
            },
        },
    }
    if secured:
        described["components"] = {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": KEY}}
        }
        described["security"] = [{"key": []}]
    return json.dumps(described)


class Ledger:
    """The service's state and its rules. `asked` are the requests so far."""

    def __init__(self, style: str, weak: frozenset[str] = frozenset()) -> None:
        self.style = style
        self.weak = weak
        self.notes: dict[int, dict[str, Any]] = {}
        self.numbers = itertools.count(101)
        self.asked: list[str] = []
        for who in KEYS.values():
            self.add(who, f"a note that {who} wrote")

    def add(self, owner: str, text: str) -> dict[str, Any]:
        """A new note."""
        note = {"id": next(self.numbers), "text": text}
        self.notes[note["id"]] = {**note, "owner": owner}
        return note

    def answer(self, method: str, path: str, key: str, body: Any) -> tuple[int, Any, str]:
        """Status, body (JSON unless bytes) and where a redirect leads."""
        self.asked.append(f"{method} {path}")
        who = KEYS.get(key, "")
        parts = [p for p in path.partition("?")[0].split("/") if p]
        if parts == ["login"]:
            return 200, _LOGIN_PAGE, ""
        if not parts or parts[0] != "notes" or len(parts) > 2:
            return 404, {"error": "no such page"}, ""
        if not who and not {"read" if method == "GET" else "write"} & self.weak:
            return self.no(401, "who are you?")
        if len(parts) == 1:
            return self.collection(method, who, body)
        note = self.notes.get(int(parts[1]) if parts[1].isdecimal() else 0)
        means = {"GET": "other-read", "PUT": "other-change", "DELETE": "other-delete"}
        if note is None or (who and note["owner"] != who and means.get(method) not in self.weak):
            return self.no(404, "nothing there")
        return self.one(method, note, body)

    def collection(self, method: str, who: str, body: Any) -> tuple[int, Any, str]:
        if method == "GET":
            mine = [_shown(n) for n in self.notes.values() if not who or n["owner"] == who]
            return 200, mine, ""
        if method != "POST":
            return 405, {"error": "not so"}, ""
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            return self.wrong("a text is wanted")
        return 201, self.add(who or "ann", body["text"]), ""

    def one(self, method: str, note: dict[str, Any], body: Any) -> tuple[int, Any, str]:
        if method == "GET":
            return 200, _shown(note), ""
        if method == "DELETE":
            del self.notes[note["id"]]
            return 204, b"", ""
        if method != "PUT":
            return 405, {"error": "not so"}, ""
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            return self.wrong("a text is wanted")
        note["text"] = body["text"]
        return 200, _shown(note), ""

    def wrong(self, why: str) -> tuple[int, Any, str]:
        """What is said of input that does not fit."""
        if self.style == "envelope":
            return 200, {"success": False, "error": {"message": why}}, ""
        return 422, {"error": why}, ""

    def no(self, status: int, why: str) -> tuple[int, Any, str]:
        """A refusal in the service's own style."""
        match self.style:
            case "envelope":
                return 200, {"success": False, "error": {"message": why}}, ""
            case "odd":
                return 200, {"outcome": "nay", "because": why, "asked": self.asked[-1]}, ""
            case "redirect":
                return 302, b"", "/login?next=notes"
            case "page":
                return 200, _LOGIN_PAGE, ""
            case "nothing":
                return 204, b"", ""
            case "empty":
                return 200, [], ""
            case "missing":
                return 404, {"error": "not found"}, ""
        return status, {"error": why}, ""


def _shown(note: dict[str, Any]) -> dict[str, Any]:
    return {"id": note["id"], "text": note["text"]}


@contextmanager
def serving(ledger: Ledger) -> Iterator[Target]:
    """The service on a loopback port of its own, as a target with both identities."""

    def answering(method: str, path: str, headers: Message, body: Any) -> Answer:
        status, said, there = ledger.answer(method, path, headers.get(KEY, ""), body)
        page = isinstance(said, bytes)
        fields = {"Content-Type": "text/html" if page else "application/json"}
        if there:
            fields["Location"] = there
        return status, said if isinstance(said, bytes) else json.dumps(said).encode(), fields

    with served(answering) as url:
        yield stranger(
            "ledger",
            url,
            [
                Identity(name=name, credentials=[Credential(kind="api_key", name=KEY, secret=key)])
                for key, name in KEYS.items()
            ],
        )
