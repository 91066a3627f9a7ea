"""Links by which anybody may read a note: what they are called by is no counter."""

from __future__ import annotations

import secrets
from email.message import Message
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEY = "key-of-ada-1815"
TEXT = {"type": "string"}
LINK = {"type": "object", "properties": {"id": TEXT, "url": {**TEXT, "format": "uri"}}}


def _told(status: str, schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"responses": {status: {"description": "Done", "content": content}}}


def _one(name: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT}]


NOTE = {"type": "object", "properties": {"id": TEXT, "text": TEXT}}
DOCUMENT = guarded(
    "Links",
    {
        "/notes": {"get": _told("200", {"type": "array", "items": NOTE})},
        "/notes/{note}": {"get": _told("200", NOTE), "parameters": _one("note")},
        "/notes/{note}/links": {"post": _told("201", LINK), "parameters": _one("note")},
        "/shared/{token}": {
            "get": {**_told("200", NOTE), "security": []},
            "parameters": _one("token"),
        },
    },
)


class Links:
    """One note and the links to it, `counted` up or drawn; `shown` to everybody who has one."""

    def __init__(self, *, counted: bool, shown: bool = True) -> None:
        self.counted, self.shown = counted, shown
        self.links: set[str] = set()

    def answer(self, method: str, path: str, headers: Message, _: Any) -> Answer:
        known = headers.get(KEY_HEADER) == KEY
        note = {"id": "note-00000001", "text": "bread, milk"}
        where, _, rest = path.strip("/").partition("/")
        if where == "shared" and method == "GET":
            opened = rest in self.links and (known or self.shown)
            return said(200, note) if opened else said(404, {"error": "no such link"})
        if not known:
            return said(401, {"error": "who are you?"})
        if (method, path) == ("GET", "/notes"):
            return said(200, [note])
        if (method, path) == ("GET", f"/notes/{note['id']}"):
            return said(200, note)
        if (method, path) == ("POST", f"/notes/{note['id']}/links"):
            drawn = f"link-{1042 + len(self.links)}" if self.counted else secrets.token_urlsafe(16)
            self.links.add(drawn)
            return said(201, {"id": drawn, "url": f"https://links.example/shared/{drawn}"})
        return said(404, {"error": "no such page"})


@pytest.mark.parametrize(
    ("links", "verdict"),
    [
        pytest.param(Links(counted=True), Verdict.FAIL, id="counted up"),
        pytest.param(Links(counted=False), Verdict.PASS, id="drawn"),
        pytest.param(
            Links(counted=True, shown=False), Verdict.PASS, id="numbers that open nothing"
        ),
    ],
)
def test_a_link_that_opens_something_is_not_counted_up(
    tmp_path: Any, links: Links, verdict: Verdict
) -> None:
    ada = keyed("ada", KEY, "writer")
    with served(links.answer) as url:
        target = stranger("links", url, [ada])
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ["FLOW-05"])
    assert [e.verdict for e in of_type(records, CheckEnded)] == [verdict]
    found = {v.place.operation for v in of_type(records, Violation)}
    assert found == ({"POST /notes/{note}/links"} if verdict is Verdict.FAIL else set())
