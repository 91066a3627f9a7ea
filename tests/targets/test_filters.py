"""A listing that shows one's own, and another's to who names him in a filter."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Record, Violation, of_type
from l7audit.model import Confidence, Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
_TEXT = {"type": "string", "maxLength": 200}
_SAMPLE = {
    "type": "object",
    "required": ["text"],
    "properties": {"id": {**_TEXT, "readOnly": True}, "client_id": _TEXT, "text": _TEXT},
}
_ID = {"name": "id", "in": "path", "required": True, "schema": _TEXT}
_WHOSE = {"name": "client_id", "in": "query", "schema": _TEXT}


def _gives(schema: Any, status: str = "200", **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"responses": {status: {"description": "Done", "content": content}}, **more}


_BODY = {"requestBody": {"content": {"application/json": {"schema": _SAMPLE}}}}
DOCUMENT = guarded(
    "Samples",
    {
        "/whoami": {"get": _gives({"type": "object", "properties": {"id": _TEXT}})},
        "/samples": {
            "get": _gives({"type": "array", "items": _SAMPLE}, parameters=[_WHOSE]),
            "post": _gives(_SAMPLE, "201", **_BODY),
        },
        "/samples/{id}": {
            "parameters": [_ID],
            "get": _gives(_SAMPLE),
            "delete": {"responses": {"204": {"description": "Gone"}}},
        },
    },
)


class Samples:
    """Everybody's own samples; `read` are all's to read by id, `filtered` are whoever's to list."""

    def __init__(self, *, read: bool, filtered: bool) -> None:
        self.read, self.filtered = read, filtered
        self.samples: dict[str, dict[str, str]] = {}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "who are you?"})
        there = urlsplit(path)
        if there.path == "/whoami":
            return said(200, {"id": f"c-{who}"})
        if there.path == "/samples":
            asked = parse_qs(there.query).get("client_id", [f"c-{who}"])[0]
            return self._collection(method, f"c-{who}", asked, body)
        found = self.samples.get(there.path.removeprefix("/samples/"))
        reads = self.read and method == "GET"
        if found is None or not (reads or found["client_id"] == f"c-{who}"):
            return said(404, {"error": "no such sample"})
        if method == "DELETE":
            del self.samples[found["id"]]
            return 204, b"", {}
        return said(200, found)

    def _collection(self, method: str, who: str, asked: str, body: Any) -> Answer:
        if method == "GET":
            if asked != who and not self.filtered:
                return said(403, {"error": "only your own"})
            return said(200, [s for s in self.samples.values() if s["client_id"] == asked])
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            return said(422, {"error": "text is missing"})
        sample = {"id": f"s-{len(self.samples) + 1}", "client_id": who, "text": body["text"]}
        self.samples[sample["id"]] = sample
        return said(201, sample)


def found_of(log: Path, samples: Samples) -> list[Record]:
    """What AUTHZ-05 records of the samples."""
    people = [keyed(name, key, "client") for key, name in KEYS.items()]
    with served(samples.answer) as url:
        return audited(str(log), stranger("samples", url, people), DOCUMENT, ("AUTHZ-05",))


@pytest.mark.parametrize(
    ("read", "sure"), [(False, Confidence.CONFIRMED), (True, Confidence.STRONG)]
)
def test_a_filter_that_widens_is_found_whoever_reads_by_id(
    tmp_path: Path, read: bool, sure: Confidence
) -> None:
    records = found_of(tmp_path / "log", Samples(read=read, filtered=True))
    found = {(v.place.operation, v.confidence) for v in of_type(records, Violation)}
    assert found == {("GET /samples", sure)}


@pytest.mark.parametrize("read", [False, True])
def test_a_filter_for_one_s_own_alone_is_sound(tmp_path: Path, read: bool) -> None:
    (end,) = of_type(found_of(tmp_path / "log", Samples(read=read, filtered=False)), CheckEnded)
    assert end.verdict is Verdict.PASS
