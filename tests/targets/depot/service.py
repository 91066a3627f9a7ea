"""A depot of things that no other stranger has: boxes whose contents came with them, receipts that
are only listed, remarks below shelves that everybody sees, and a page with a form that no document
names. `weak` is what is wrong with it (`WEAKNESSES`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlsplit

from small_server import KEY_HEADER, Answer, guarded, keyed, said, served, stranger

from l7audit.model import Target

WEAKNESSES = ("receipts-of-all", "contents-of-all", "remarks-of-all", "words-as-markup")
NEAR_MISSES = ("receipts-shared", "contents-for-all", "remarks-for-all")
"""What looks like a weakness and is none: who shares a thing, or shows it to all, may."""

PEOPLE = ("mara", "nils")
PAGE = '<h1>Depot</h1><form action="/find"><input name="word"><button>Find</button></form>'

_TEXT = {"type": "string"}


def _thing(**more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"id": _TEXT, **more}}


_BOX = _thing(label=_TEXT)
_CONTENT = _thing(what=_TEXT, weight={"type": "integer"})
_RECEIPT = _thing(owner_id=_TEXT, paid={"type": "integer"})
_REMARK = {**_thing(text={**_TEXT, "maxLength": 200}), "required": ["text"]}


def document() -> str:
    """Its OpenAPI document."""

    def gives(schema: dict[str, Any], status: str = "200", **more: Any) -> dict[str, Any]:
        content = {"application/json": {"schema": schema}}
        return {"responses": {status: {"description": "Done", "content": content}}, **more}

    def listed(schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": schema}

    def named(*names: str) -> dict[str, Any]:
        return {
            "parameters": [
                {"name": n, "in": "path", "required": True, "schema": _TEXT} for n in names
            ]
        }

    content = {"application/json": {"schema": _REMARK}}
    made = gives(_REMARK, "201", requestBody={"content": content})
    removed = {"responses": {"204": {"description": "Gone"}}}
    return guarded(
        "Depot",
        {
            "/me": {"get": gives(_thing(name=_TEXT))},
            "/receipts": {"get": gives(listed(_RECEIPT), summary="What was paid")},
            "/boxes": {"get": gives(listed(_BOX))},
            "/boxes/{box}": {"get": gives(_BOX), **named("box")},
            "/boxes/{box}/contents": {"get": gives(listed(_CONTENT)), **named("box")},
            "/boxes/{box}/contents/{content}": {
                "get": gives(_CONTENT),
                **named("box", "content"),
            },
            "/shelves": {"get": gives(listed(_thing()), security=[])},
            "/shelves/{shelf}/remarks": {
                "get": gives(listed(_REMARK)),
                "post": made,
                **named("shelf"),
            },
            "/shelves/{shelf}/remarks/{remark}": {
                "get": gives(_REMARK),
                "delete": removed,
                **named("shelf", "remark"),
            },
        },
    )


class Depot:
    """The service's state and its rules."""

    def __init__(self, *weak: str) -> None:
        self.weak = frozenset(weak)
        self.keys = {f"key-of-{name}-in-the-depot": f"p-{name}" for name in PEOPLE}
        self.receipts = [
            {"id": f"r-{n}", "owner_id": f"p-{name}", "paid": n * 7}
            for n, name in enumerate((*PEOPLE, *PEOPLE), 1)
        ]
        self.boxes = {f"b-{name}": {"id": f"b-{name}", "label": f"of {name}"} for name in PEOPLE}
        self.contents = {
            box: {f"{box}-1": {"id": f"{box}-1", "what": f"lamp in {box}", "weight": len(box)}}
            for box in self.boxes
        }
        self.remarks: dict[str, dict[str, str]] = {}

    def answer(self, method: str, target: str, headers: Message, body: Any) -> Answer:
        url = urlsplit(target)
        parts = [p for p in url.path.split("/") if p]
        if method == "GET" and parts in ([], ["find"]):
            return self.page(parse_qs(url.query).get("word", [""])[0])
        if (method, parts) == ("GET", ["shelves"]):
            return _json(200, [{"id": "s-1"}])
        who = self.keys.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return _json(401, {"error": "who are you?"})
        match method, parts:
            case "GET", ["me"]:
                return _json(200, {"id": who, "name": who[2:]})
            case "GET", ["receipts"]:
                return _json(200, [r for r in self.receipts if self.shows_receipt(r, who)])
            case "GET", ["boxes", *rest]:
                return self.packed(rest, f"b-{who[2:]}")
            case _, ["shelves", "s-1", "remarks", *rest]:
                return self.remarked(method, rest, who, body)
        return _json(404, {"error": "nothing there"})

    def page(self, word: str) -> Answer:
        """What everybody is shown; the word that was looked for among it."""
        said = word if "words-as-markup" in self.weak else word.replace("&", "&amp;")
        if "words-as-markup" not in self.weak:
            said = said.replace("<", "&lt;").replace('"', "&quot;").replace("'", "&#39;")
        fields = {"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff"}
        return 200, f"{PAGE}<p>No {said} here.</p>".encode(), fields

    def shows_receipt(self, receipt: dict[str, Any], who: str) -> bool:
        """A person's own; some that were paid together are shown to both."""
        shared = receipt["owner_id"] == "p-mara" and "receipts-shared" in self.weak
        return receipt["owner_id"] == who or shared or "receipts-of-all" in self.weak

    def packed(self, rest: list[str], mine: str) -> Answer:
        """What is answered of boxes: to each his own alone, which nobody makes by the API."""
        everybodys = "contents-for-all" in self.weak
        if not rest:
            shown = self.boxes.values() if everybodys else [self.boxes[mine]]
            return _json(200, list(shown))
        of_all = everybodys or (len(rest) == 3 and "contents-of-all" in self.weak)
        contents = self.contents.get(rest[0], {}) if rest[0] == mine or of_all else {}
        match rest:
            case [box] if contents:
                return _json(200, self.boxes[box])
            case [_, "contents"] if contents:
                return _json(200, list(contents.values()))
            case [_, "contents", one] if one in contents:
                return _json(200, contents[one])
        return _json(404, {"error": "nothing there"})

    def remarked(self, method: str, rest: list[str], who: str, body: Any) -> Answer:
        """What is answered of remarks: their writers' own, below a shelf that is nobody's."""
        if method == "POST" and not rest:
            if not isinstance(body, dict) or not isinstance(body.get("text"), str):
                return _json(422, {"error": "a text is wanted"})
            remark = {"id": f"m-{len(self.remarks) + 1}", "text": body["text"], "of": who}
            self.remarks[remark["id"]] = remark
            return _json(201, _told(remark))
        everybodys = "remarks-for-all" in self.weak
        mine = [r for r in self.remarks.values() if r["of"] == who or everybodys]
        if method == "GET" and not rest:
            return _json(200, [_told(r) for r in mine])
        found = self.remarks.get(rest[0] if rest else "")
        readable = found in mine or (method == "GET" and "remarks-of-all" in self.weak)
        if found is None or not readable:
            return _json(404, {"error": "nothing there"})
        if method == "DELETE" and found["of"] == who:
            del self.remarks[found["id"]]
            return 204, b"", {}
        if method == "GET":
            return _json(200, _told(found))
        return _json(403, {"error": "not yours"})


def _told(remark: dict[str, str]) -> dict[str, str]:
    return {"id": remark["id"], "text": remark["text"]}


def _json(status: int, value: Any) -> Answer:
    return said(status, value)


@contextmanager
def serving(depot: Depot) -> Iterator[Target]:
    """The service on a loopback port of its own, as a target with its people."""
    with served(depot.answer) as url:
        yield stranger(
            "depot",
            url,
            [keyed(who[2:], key, "keeper") for key, who in depot.keys.items()],
        )
