"""Methods that a target takes and its document does not name: they are guarded, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Target, Verdict

CONTROLS = ("AUTHZ-02", "AUTHZ-03")
KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
NOTE = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "text": {"type": "string", "maxLength": 200},
    },
}


def _told(status: str, schema: Any = None) -> dict[str, Any]:
    content = {"application/json": {"schema": schema or NOTE}}
    return {"responses": {status: {"description": "Done", "content": content}}}


DOCUMENT = guarded(
    "Notes",
    {
        "/notes": {
            "get": _told("200", {"type": "array", "items": NOTE}),
            "post": {
                **_told("201"),
                "requestBody": {"content": {"application/json": {"schema": NOTE}}},
            },
        },
        "/notes/{note}": {
            "get": _told("200"),
            "parameters": [
                {"name": "note", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
        },
    },
)


class Notes:
    """Everybody's own notes. Those `unguarded` methods ask nobody whose a note is."""

    def __init__(self, unguarded: frozenset[str] = frozenset()) -> None:
        self.unguarded = unguarded
        self.notes: dict[str, dict[str, str]] = {}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        found = self.notes.get(path.removeprefix("/notes/"))
        if who is None:
            return said(401, {"error": "who are you?"})
        if path == "/notes" and method in {"GET", "POST"}:
            return self._collection(method, who, body)
        if not path.startswith("/notes/"):
            return said(404, {"error": "no such page"})
        if method not in {"GET", "PATCH", "DELETE"}:
            fields = {"Allow": "GET, PATCH, DELETE"}
            return 405, b"{}", {"Content-Type": "application/json", **fields}
        if found is None or (found["of"] != who and method not in self.unguarded):
            return said(404, {"error": "no such note"})
        if method == "DELETE":
            del self.notes[found["id"]]
            return 204, b"", {}
        if method == "PATCH":
            if not isinstance(body, dict) or not isinstance(body.get("text"), str):
                return said(422, {"error": "text is missing"})
            found["text"] = body["text"]
        return said(200, self._shown(found))

    def _collection(self, method: str, who: str, body: Any) -> Answer:
        if method == "GET":
            mine = [self._shown(n) for n in self.notes.values() if n["of"] == who]
            return said(200, mine)
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            return said(422, {"error": "text is missing"})
        note = {"id": f"note-{len(self.notes) + 1:08}", "text": body["text"], "of": who}
        self.notes[note["id"]] = note
        return said(201, self._shown(note))

    def _shown(self, note: dict[str, str]) -> dict[str, str]:
        return {"id": note["id"], "text": note["text"]}


@contextmanager
def serving(notes: Notes) -> Iterator[Target]:
    """The notes as a target with two of their writers."""
    with served(notes.answer) as url:
        yield stranger(
            "notes",
            url,
            [keyed(name, key, "writer") for key, name in KEYS.items()],
        )


@pytest.mark.parametrize(
    ("unguarded", "found"),
    [
        (set(), set()),
        ({"PATCH"}, {"PATCH /notes/{note}"}),
        ({"DELETE"}, {"DELETE /notes/{note}"}),
    ],
)
def test_what_no_document_names_is_tried_on_what_is_another_s(
    tmp_path: Any, unguarded: set[str], found: set[str]
) -> None:
    with serving(Notes(frozenset(unguarded))) as target:
        records = audited(str(tmp_path / "log"), target, DOCUMENT, CONTROLS)
    assert {v.place.operation for v in of_type(records, Violation)} == found
    ends = {e.control: e.verdict for e in of_type(records, CheckEnded)}
    assert set(ends) == set(CONTROLS)
    assert set(ends.values()) <= {Verdict.PASS, Verdict.FAIL}
