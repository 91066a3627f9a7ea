"""A picture of one's own thing that is fetched from a URL, which stands below or beside it."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from small_server import KEY_HEADER, Answer, audited, called, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

BELOW, BESIDE = "/boats/{boat}/picture", "/pictures/import"
KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
DONE = {"responses": {"200": {"description": "Done"}}}


def takes(**members: str) -> dict[str, Any]:
    """An operation whose body has members of these types, all of them needed."""
    schema = {
        "type": "object",
        "required": list(members),
        "properties": {name: {"type": kind} for name, kind in members.items()},
    }
    return {**DONE, "requestBody": {"content": {"application/json": {"schema": schema}}}}


ONE = {"name": "boat", "in": "path", "required": True, "schema": {"type": "integer"}}
DOCUMENT = guarded(
    "Boats",
    {
        "/boats": {"get": DONE, "post": takes(name="string")},
        "/boats/{boat}": {"parameters": [ONE], "get": DONE, "delete": DONE},
        BELOW: {"parameters": [ONE], "put": takes(url="string")},
        BESIDE: {"post": takes(boat="integer", url="string")},
    },
)


class Boats:
    """Everybody's boats. Where a picture is asked for in the `careless` way it is fetched from
    anywhere, else from two hosts, from which none comes here: nothing but this machine is ever
    called."""

    def __init__(self, careless: str) -> None:
        self.careless = careless
        self.boats: dict[int, tuple[str, str]] = {n: (w, w) for n, w in enumerate(KEYS.values())}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        own = {n: called for n, (owner, called) in self.boats.items() if owner == who}
        if (method, path) == ("POST", BESIDE):
            named = body.get("boat") if isinstance(body, dict) else None
            known = type(named) is int and named in own
            return self._picture(BESIDE, body) if known else said(422, {"error": "no such boat"})
        _, _, name, *below = [*path.partition("?")[0].split("/"), ""][:4]
        if not name:
            return self._fleet(method, who, own, body)
        number = int(name) if name.isdecimal() else -1
        if number not in own:
            return said(404, {"error": "no such boat"})
        if (method, below) == ("PUT", ["picture"]):
            return self._picture(BELOW, body)
        if (method, below) == ("DELETE", [""]):
            del self.boats[number]
            return said(200, {"sunk": number})
        return said(200, {"boat": number, "name": own[number]})

    def _fleet(self, method: str, who: str, own: dict[int, str], body: Any) -> Answer:
        if method == "GET":
            return said(200, {"boats": [{"boat": n, "name": c} for n, c in own.items()]})
        called = body.get("name") if isinstance(body, dict) else None
        if not isinstance(called, str):
            return said(422, {"error": "no name"})
        number = max(self.boats) + 1
        self.boats[number] = (who, called)
        return said(200, {"boat": number, "name": called})

    def _picture(self, way: str, body: Any) -> Answer:
        url, careless = body.get("url") if isinstance(body, dict) else None, way == self.careless
        if not isinstance(url, str) or not (careless or self._known(url)):
            return said(422, {"error": "not a site that pictures come from"})
        if not (careless and called(url)):
            return said(422, {"error": "the picture can't be fetched"})
        return said(200, {"fetched": True})

    def _known(self, url: str) -> bool:
        return urlsplit(url).hostname in {"pictures.example", "example.org"}


@pytest.mark.parametrize(
    ("careless", "found"), [("", set()), (BELOW, {f"PUT {BELOW}"}), (BESIDE, {f"POST {BESIDE}"})]
)
def test_a_picture_is_fetched_from_nowhere_that_the_caller_chooses(
    tmp_path: Path, careless: str, found: set[str]
) -> None:
    people = [keyed(name, key) for key, name in KEYS.items()]
    with served(Boats(careless).answer) as url:
        target = stranger("boats", url, people)
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ("INPUT-13",))
    assert {v.place.operation for v in of_type(records, Violation)} == found
    (end,) = of_type(records, CheckEnded)
    # Where no picture can be fetched at all nothing shows that URLs are called.
    assert end.verdict is (Verdict.FAIL if careless else Verdict.INCONCLUSIVE)
