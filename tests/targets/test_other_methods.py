"""Services that read the method from elsewhere, behind a guard that looks at the one that came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
DONE = {"responses": {"200": {"description": "Done"}}}
TEXT = {"type": "string", "maxLength": 60}
NOTE = {"type": "object", "required": ["text"], "properties": {"text": TEXT}}
TAKES = {"requestBody": {"content": {"application/json": {"schema": NOTE}}}}
SLOT = [{"name": "note_id", "in": "path", "required": True, "schema": TEXT}]
DOCUMENT = guarded(
    "Wall",
    {
        "/notes": {"get": DONE, "post": {**DONE, **TAKES}},
        "/notes/{note_id}": {"parameters": SLOT, "get": DONE, "delete": DONE},
        "/office/ledger": {"get": DONE},
        "/office/banner": {"get": DONE, "put": {**DONE, **TAKES}},
    },
)
Wanted = Callable[[str, str, Message, Any], str]


def by_header(method: str, _: str, headers: Message, __: Any) -> str:
    return str(headers.get("X-HTTP-Method-Override", method)) if method == "POST" else method


def by_query(method: str, path: str, *_: Any) -> str:
    return parse_qs(path.partition("?")[2]).get("_method", [method])[0]


def by_form(method: str, _: str, __: Message, body: Any) -> str:
    form = parse_qs(body.decode("latin-1")) if isinstance(body, bytes) else {}
    return form.get("_method", [method])[0] if method == "POST" else method


class Wall:
    """Everybody sees all notes and deletes his own; the office is for nobody here, but its banner
    is shown to all. `wanted` tells the method that is done; `late` guards the one that came; the
    strict take no query, and nothing in the body of a GET."""

    def __init__(self, wanted: Wanted, *, late: bool, strict: bool = False) -> None:
        self.wanted, self.late, self.strict = wanted, late, strict
        self.notes: dict[str, tuple[str, str]] = {}
        self.banner = "Welcome"

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        wanted = self.wanted(method, path, headers, body)
        bare = path.partition("?")[0]
        if not self._may(who, method if self.late else wanted, bare):
            return said(403, {"error": "not yours"})
        if self.strict and (bare != path or (body is not None and wanted == "GET")):
            return said(422, {"error": "nothing of that kind is taken"})
        return self._done(who, wanted, bare, body)

    def _may(self, who: str, method: str, path: str) -> bool:
        if method == "DELETE":
            return self.notes.get(path, (who, ""))[0] == who
        return (method, path) not in {("GET", "/office/ledger"), ("PUT", "/office/banner")}

    def _done(self, who: str, method: str, path: str, body: Any) -> Answer:
        text = body.get("text") if isinstance(body, dict) else None
        takes = {("POST", "/notes"), ("PUT", "/office/banner")}
        if (method, path) in takes and not text:
            return said(422, {"error": "a text, please"})
        if (method, path) == ("GET", "/office/ledger"):
            return said(200, {"sums": ["three for the lamp", "four for the oil"]})
        if path == "/office/banner" and method in {"GET", "PUT"}:
            self.banner = str(text) if method == "PUT" else self.banner
            return said(200, {"text": self.banner})
        if path == "/notes" and method in {"GET", "POST"}:
            return self._notes(who, text if method == "POST" else None)
        if path in self.notes and method == "DELETE":
            del self.notes[path]
            return 204, b"", {}
        if path in self.notes and method == "GET":
            return said(200, self._shown(path))
        return said(404 if path.startswith("/notes/") else 405, {"error": "there is nothing"})

    def _notes(self, who: str, text: Any) -> Answer:
        if text is None:
            return said(200, {"notes": list(map(self._shown, self.notes))})
        path = f"/notes/n-{len(self.notes) * 7919 + 104729}"
        self.notes[path] = (who, text)
        return said(201, self._shown(path))

    def _shown(self, path: str) -> Mapping[str, str]:
        who, text = self.notes[path]
        return {"id": path.rpartition("/")[2], "author": who, "text": text}


def found(log: Path, wall: Wall) -> tuple[set[str], set[Verdict]]:
    people = [keyed(name, key) for key, name in KEYS.items()]
    with served(wall.answer) as url:
        target = stranger("wall", url, people)
        records = audited(str(log), target, DOCUMENT, ["AUTHZ-12"])
    places = {f"{v.place.operation} {v.place.part}" for v in of_type(records, Violation)}
    return places, {e.verdict for e in of_type(records, CheckEnded)}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (
            by_header,
            {
                "DELETE /notes/{note_id} header of a POST",
                "GET /office/ledger header of a POST",
                "PUT /office/banner header of a POST",
            },
        ),
        (
            by_query,
            {
                "DELETE /notes/{note_id} query of a GET",
                "GET /office/ledger query of a POST",
                "PUT /office/banner query of a GET",
            },
        ),
        (
            by_form,
            {"DELETE /notes/{note_id} body of a POST", "GET /office/ledger body of a POST"},
        ),
    ],
    ids=["header", "query", "form"],
)
def test_a_method_that_is_read_behind_the_guard_is_found(
    tmp_path: Path, wanted: Wanted, expected: set[str]
) -> None:
    wall = Wall(wanted, late=True)
    places, _ = found(tmp_path / "log", wall)
    assert places == expected
    assert wall.banner == "Welcome"


def test_a_strict_service_is_asked_in_its_header_alone(tmp_path: Path) -> None:
    places, _ = found(tmp_path / "log", Wall(by_header, late=True, strict=True))
    assert {"GET /office/ledger header of a POST", "PUT /office/banner header of a POST"} <= places


@pytest.mark.parametrize("wanted", [by_header, by_query, by_form], ids=["header", "query", "form"])
def test_one_that_is_read_before_the_guard_is_no_finding(tmp_path: Path, wanted: Wanted) -> None:
    places, verdicts = found(tmp_path / "log", Wall(wanted, late=False))
    assert (places, verdicts) == (set(), {Verdict.PASS})
