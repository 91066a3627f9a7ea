"""A URL that stands among a caller's settings, and is called when a test of it is asked for."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from small_server import KEY_HEADER, Answer, audited, called, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
DONE = {"responses": {"200": {"description": "Done"}}}
URL = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}
QUERY = {"name": "q", "in": "query", "schema": {"type": "string"}}
DOCUMENT = guarded(
    "Notices",
    {
        "/me": {"get": DONE},
        "/me/hook": {
            "put": {**DONE, "requestBody": {"content": {"application/json": {"schema": URL}}}}
        },
        "/me/hook/test": {"post": DONE},
        "/news": {"get": {**DONE, "parameters": [QUERY]}},
    },
)


class Notices:
    """Keeps each caller's URL; the careless ones take any, and call it when asked to."""

    def __init__(self, *, careless: bool) -> None:
        self.careless = careless
        self.kept: dict[str, str] = {}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        if (method, path) == ("GET", "/me"):
            return said(200, {"id": who})
        if (method, path) == ("PUT", "/me/hook"):
            url = body.get("url") if isinstance(body, dict) else None
            if not isinstance(url, str) or not (self.careless or self._known(url)):
                return said(422, {"error": "not a URL that is called"})
            self.kept[who] = url
            return said(200, {"url": url})
        if (method, path) == ("POST", "/me/hook/test"):
            return said(200, {"sent": self._sent(self.kept.get(who, ""))})
        if method == "GET" and path.partition("?")[0] == "/news":
            return said(200, {"news": []})
        return said(404, {"error": "no such page"})

    def _known(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        return url.startswith("https://") and host.rpartition(".")[2] not in {"", "1", "localhost"}

    def _sent(self, url: str) -> bool:
        return self.careless and called(url)


@pytest.mark.parametrize("careless", [False, True])
def test_a_url_among_settings_is_tried_by_asking_for_its_test(
    tmp_path: Path, careless: bool
) -> None:
    people = [keyed(name, key) for key, name in KEYS.items()]
    with served(Notices(careless=careless).answer) as url:
        target = stranger("notices", url, people)
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ("INPUT-13",))
    found = {v.place.operation for v in of_type(records, Violation)}
    assert found == ({"PUT /me/hook", "POST /me/hook/test"} if careless else set())
    (end,) = of_type(records, CheckEnded)
    assert end.verdict is (Verdict.FAIL if careless else Verdict.PASS)
