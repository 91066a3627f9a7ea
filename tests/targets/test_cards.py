"""Things that are also shown as a page to print: what is escaped there, and what is not."""

from __future__ import annotations

import html
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEY = "key-of-ada-1815"
JSON = {"content": {"application/json": {"schema": {"type": "object"}}}}
PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}
TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
TAKES = {"type": "object", "required": ["title"], "properties": {"title": TEXT}}
ID = [{"name": "cup", "in": "path", "required": True, "schema": {"type": "string"}}]


def _told(status: str, shown: Any, **more: Any) -> Any:
    return {"responses": {status: {"description": "Done", **shown}}, **more}


DOCUMENT = guarded(
    "Cups",
    {
        "/cups": {
            "get": _told("200", JSON),
            "post": _told(
                "201", JSON, requestBody={"content": {"application/json": {"schema": TAKES}}}
            ),
        },
        "/cups/{cup}": {"get": _told("200", JSON), "parameters": ID},
        "/cups/{cup}/card": {"get": _told("200", PAGE), "parameters": ID},
    },
)


class Cups:
    """Keeps cups, and prints a card of each."""

    def __init__(self, *, careless: bool) -> None:
        self.careless = careless
        self.titles: list[str] = []

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        if headers.get(KEY_HEADER) != KEY:
            return said(401, {"error": "no"})
        parts = path.partition("?")[0].strip("/").split("/")
        if parts == ["cups"] and method == "GET":
            return said(200, {"cups": list(map(self._shown, range(len(self.titles))))})
        if parts == ["cups"] and method == "POST":
            title = body.get("title") if isinstance(body, dict) else None
            if not isinstance(title, str) or not 0 < len(title) <= 200:
                return said(422, {"error": "a title is missing"})
            self.titles.append(title)
            return said(201, self._shown(len(self.titles) - 1))
        if len(parts) < 2 or parts[0] != "cups" or parts[1] not in self._names():
            return said(404, {"error": "no such cup"})
        number = self._names().index(parts[1])
        if parts[2:] == ["card"]:
            title = self.titles[number]
            shown = title if self.careless else html.escape(title)
            return 200, f"<h1>{shown}</h1>".encode(), {"Content-Type": "text/html"}
        return said(200, self._shown(number))

    def _names(self) -> list[str]:
        return [f"c{n * 7919 + 104729}" for n in range(len(self.titles))]

    def _shown(self, number: int) -> dict[str, str]:
        return {"id": self._names()[number], "title": self.titles[number]}


@pytest.mark.parametrize("careless", [False, True])
def test_a_card_below_a_thing_is_looked_at_for_markup(tmp_path: Path, careless: bool) -> None:
    ada = keyed("ada", KEY)
    with served(Cups(careless=careless).answer) as url:
        target = stranger("cups", url, [ada])
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ("INPUT-25",))
    found = {v.place.operation for v in of_type(records, Violation)}
    assert found == ({"GET /cups/{cup}/card"} if careless else set())
    ends = {e.verdict for e in of_type(records, CheckEnded)}
    assert (Verdict.FAIL if careless else Verdict.PASS) in ends
