"""A service whose profile has nobody of power: what an ordinary caller is refused shows whether a
header that names a role is believed."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
DONE = {"responses": {"200": {"description": "Done"}}}
NOTICE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "role": {"enum": ["guest", "keeper"]}},
}
TAKES = {"requestBody": {"content": {"application/json": {"schema": NOTICE}}}}
SAYS_WHY = {"parameters": [{"name": "X-Lodge-Access", "in": "header", "schema": {}}]}
LOG = {"/tower/log": {"get": {**DONE, **SAYS_WHY}}}
NOTICES = {"/tower/notices": {"post": {**DONE, **TAKES}}}
REST = {
    "/rooms": {"get": DONE},
    "/keepers": {"post": {**DONE, "requestBody": {"content": {"application/json": {
        "schema": PERSON}}}}},
}  # fmt: skip


def taken_for_keeper(headers: Message, believes: str) -> bool:
    return str(headers.get(believes)).lower() == "keeper"


def answering(believes: str, dislikes: str = "", opens_at: int = 0) -> Any:
    """Answers as the tower does; who names himself keeper in `believes` is one. With `dislikes` a
    request with that field is malformed; the log opens to everybody at that many requests."""
    asked = 0

    def answer(method: str, path: str, headers: Message, body: Any) -> Answer:
        nonlocal asked
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        if path == "/rooms":
            return said(200, {"rooms": [f"{who}'s own"]})
        asked += 1
        if dislikes and dislikes in headers:
            return said(400, {"error": f"no {dislikes} is taken here"})
        may = taken_for_keeper(headers, believes) or 0 < opens_at <= asked
        if not may:
            return said(403, {"error": "for keepers"})
        if method == "POST" and not (isinstance(body, dict) and body.get("text")):
            return said(422, {"error": "a text, please"})
        return said(200, {"log": ["the lamp was lit", "a ship went by"]})

    return answer


def found(log: Path, answer: Any, paths: Any) -> tuple[set[str], set[Verdict]]:
    people = [keyed(name, key) for key, name in KEYS.items()]
    with served(answer) as url:
        target = stranger("tower", url, people)
        records = audited(str(log), target, guarded("Tower", {**paths, **REST}), ["AUTHZ-09"])
    places = {f"{v.place.operation} {v.place.part}" for v in of_type(records, Violation)}
    return places, {e.verdict for e in of_type(records, CheckEnded)}


@pytest.mark.parametrize("header", ["X-Privilege", "X-Lodge-Access"])
def test_a_read_opens_to_who_names_his_role(tmp_path: Path, header: str) -> None:
    places, _ = found(tmp_path / "log", answering(header), LOG)
    assert places == {f"GET /tower/log header {header}"}


def test_a_write_takes_the_input_of_who_names_his_role_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    written = []

    def watched(method: str, path: str, headers: Message, body: Any) -> Answer:
        answer = answering("X-User-Role")(method, path, headers, body)
        if method == "POST" and answer[0] == 200:
            written.append(path)
        return answer

    places, _ = found(tmp_path / "log", watched, NOTICES)
    assert places == {"POST /tower/notices header X-User-Role"}
    assert not written


@pytest.mark.parametrize(
    "answer",
    [answering("X-Nothing-Of-The-Kind"), answering("", "X-User-Role"), answering("", "", 4)],
    ids=["sound", "dislikes-the-field", "opens-by-itself"],
)
def test_what_does_not_hang_on_the_claim_is_no_finding(tmp_path: Path, answer: Any) -> None:
    places, verdicts = found(tmp_path / "log", answer, {**LOG, **NOTICES})
    assert not places
    assert Verdict.FAIL not in verdicts
