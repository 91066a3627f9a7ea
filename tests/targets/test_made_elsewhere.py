"""Notes that are made in a room and have an address of their own, in JSON:API: what is another's
is found to be so, although nothing makes or lists notes where they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Target, Verdict

CONTROLS = ("AUTHZ-01", "AUTHZ-02", "AUTHZ-03", "INPUT-17", "INPUT-21")
API = "application/vnd.api+json"
KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}


def _resource(kind: str, *, made: bool = True) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": 60}
    members: dict[str, Any] = {
        "type": {"type": "string", "enum": [kind]},
        "attributes": {"type": "object", "required": ["text"], "properties": {"text": text}},
    }
    if not made:
        members["id"] = {"type": "string"}
    data = {"type": "object", "required": ["type", "attributes"], "properties": members}
    return {"type": "object", "required": ["data"], "properties": {"data": data}}


def _told(kind: str, status: str = "200", *, takes: bool = False, lists: bool = False) -> Any:
    shown = _resource(kind, made=False)
    if lists:
        one = shown["properties"]["data"]
        shown = {"type": "object", "properties": {"data": {"type": "array", "items": one}}}
    content = {} if status == "204" else {"content": {API: {"schema": shown}}}
    told: dict[str, Any] = {"responses": {status: {"description": "Done", **content}}}
    if takes:
        told["requestBody"] = {"required": True, "content": {API: {"schema": _resource(kind)}}}
    return told


ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
DOCUMENT = guarded(
    "Rooms",
    {
        "/rooms": {
            "get": _told("rooms", lists=True),
            "post": _told("rooms", "201", takes=True),
        },
        "/rooms/{id}": {
            "get": _told("rooms"),
            "delete": _told("rooms", "204"),
            "parameters": ID,
        },
        "/rooms/{id}/notes": {
            "get": _told("notes", lists=True),
            "post": _told("notes", "201", takes=True),
            "parameters": ID,
        },
        "/notes/{id}": {
            "get": _told("notes"),
            "patch": _told("notes", takes=True),
            "delete": _told("notes", "204"),
            "parameters": ID,
        },
    },
)


class Rooms:
    """Everybody's own rooms and notes. `careless` methods ask nobody whose a note is."""

    def __init__(self, *careless: str) -> None:
        self.careless = frozenset(careless)
        self.things: dict[str, dict[str, str]] = {}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        kind, _, rest = path.strip("/").partition("/")
        identifier, _, below = rest.partition("/")
        if who is None or kind not in {"rooms", "notes"} or below not in {"", "notes"}:
            return said(401 if who is None else 404, {"errors": [{"title": "no"}]}, API)
        if not identifier:
            if kind == "notes":
                return said(404, {"errors": [{"title": "no such page"}]}, API)
            return self._collection(method, kind, "", who, body)
        found = self.things.get(identifier)
        careless = kind == "notes" and method in self.careless
        if found is None or found["kind"] != kind or (found["of"] != who and not careless):
            return said(404, {"errors": [{"title": "no such thing"}]}, API)
        if below:
            return self._collection(method, "notes", identifier, who, body)
        return self._one(method, found, body)

    def _one(self, method: str, found: dict[str, str], body: Any) -> Answer:
        if method == "DELETE":
            del self.things[found["id"]]
            return 204, b"", {}
        if method == "PATCH" and found["kind"] == "notes":
            if (text := _text(body, "notes")) is None:
                return said(422, {"errors": [{"title": "text is missing"}]}, API)
            found["text"] = text
        elif method != "GET":
            return said(405, {"errors": [{"title": "no such method"}]}, API)
        return said(200, {"data": _shown(found)}, API)

    def _collection(self, method: str, kind: str, above: str, who: str, body: Any) -> Answer:
        if method == "GET":
            mine = [t for t in self.things.values() if (t["kind"], t["in"]) == (kind, above)]
            return said(200, {"data": [_shown(t) for t in mine if t["of"] == who or above]}, API)
        if method != "POST" or (text := _text(body, kind)) is None:
            return said(422, {"errors": [{"title": "text is missing"}]}, API)
        thing = {
            "id": f"{kind[:-1]}-{len(self.things) * 7919 + 104729:08}",
            "kind": kind,
            "in": above,
            "of": who,
            "text": text,
        }
        self.things[thing["id"]] = thing
        return said(201, {"data": _shown(thing)}, API)


def _text(body: Any, kind: str) -> str | None:
    data = body.get("data") if isinstance(body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(attributes, dict) or data.get("type") != kind:
        return None
    text = attributes.get("text")
    return text if isinstance(text, str) and 0 < len(text) <= 60 else None


def _shown(thing: dict[str, str]) -> dict[str, Any]:
    return {"type": thing["kind"], "id": thing["id"], "attributes": {"text": thing["text"]}}


@contextmanager
def serving(rooms: Rooms) -> Iterator[Target]:
    """The rooms as a target with two who have some."""
    with served(rooms.answer) as url:
        yield stranger(
            "rooms",
            url,
            [keyed(name, key, "writer") for key, name in KEYS.items()],
        )


@pytest.mark.parametrize(
    ("careless", "found"),
    [
        ((), set()),
        (("GET",), {"GET /notes/{id}"}),
        (("PATCH",), {"PATCH /notes/{id}"}),
        (("DELETE",), {"DELETE /notes/{id}"}),
    ],
)
def test_what_is_made_in_a_room_is_tried_where_it_is_read(
    tmp_path: Any, careless: tuple[str, ...], found: set[str]
) -> None:
    rooms = Rooms(*careless)
    with serving(rooms) as target:
        records = audited(str(tmp_path / "log"), target, DOCUMENT, CONTROLS)
    assert {v.place.operation for v in of_type(records, Violation)} == found
    ends = {e.control: e.verdict for e in of_type(records, CheckEnded)}
    assert set(ends) == set(CONTROLS)
    assert set(ends.values()) <= {Verdict.PASS, Verdict.FAIL}
    assert rooms.things == {}
