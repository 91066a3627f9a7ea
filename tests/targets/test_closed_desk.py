"""A desk whose documented operations are refused to members, and what else is there."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob", "key-of-eve-1977": "eve"}
DONE = {"responses": {"200": {"description": "Done"}}}
TEXT = {"type": "string", "maxLength": 60}
SLOT = [{"name": "handle", "in": "path", "required": True, "schema": TEXT}]
CREDIT = {
    "type": "object",
    "required": ["cents"],
    "properties": {"cents": {"type": "integer", "minimum": 1, "maximum": 500}},
}
TAKES = {"requestBody": {"content": {"application/json": {"schema": CREDIT}}}}
DOCUMENT = guarded(
    "Hires",
    {
        "/me": {"get": DONE},
        "/members/{handle}": {"parameters": SLOT, "get": DONE},
        "/desk/takings": {"get": DONE},
        "/desk/members/{handle}/credit": {"parameters": SLOT, "post": {**DONE, **TAKES}},
    },
)
LISTING = "GET /desk/members"
ADDING = "POST /desk/members/{handle}/credit"


class Desk:
    """Eve is at the desk. `open_to_all` are operations without a guard; `page` is answered for
    every name that is not there; `drops` says done and does nothing."""

    def __init__(self, *open_to_all: str, page: bool = False, drops: bool = False) -> None:
        self.open_to_all, self.page, self.drops = open_to_all, page, drops
        self.credits = dict.fromkeys(KEYS.values(), 0)
        self.asked: list[str] = []

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        self.asked.append(path)
        parts = path.strip("/").split("/")
        if parts[0] != "desk":
            named = who if parts == ["me"] else parts[-1]
            return self._shown(named) if named in self.credits else said(404, {"error": "nobody"})
        return self._at_the_desk(method, parts[1:], who, body)

    def _shown(self, name: str) -> Answer:
        return said(200, {"handle": name, "credit_cents": self.credits[name]})

    def _at_the_desk(self, method: str, parts: list[str], who: str, body: Any) -> Answer:
        if (method, parts) == ("GET", ["takings"]):
            return self._guarded(who, "GET /desk/takings") or said(200, {"sums": [3, 4]})
        if (method, parts) == ("GET", ["members"]):
            everybody = [{"handle": n, "credit_cents": c} for n, c in self.credits.items()]
            return self._guarded(who, LISTING) or said(200, {"members": everybody})
        if method == "POST" and parts[:1] + parts[2:] == ["members", "credit"]:
            return self._guarded(who, ADDING) or self._added(who, parts[1], body)
        return said(200, {"hint": "See the manual."}) if self.page else said(404, {"error": "no"})

    def _guarded(self, who: str, operation: str) -> Answer | None:
        may = who == "eve" or operation in self.open_to_all
        return None if may else said(403, {"error": "for the desk"})

    def _added(self, who: str, name: str, body: Any) -> Answer:
        cents = body.get("cents") if isinstance(body, dict) else None
        if not isinstance(cents, int) or name not in self.credits:
            return said(422, {"error": "how much, and to whom?"})
        if who == "eve" or not self.drops:
            self.credits[name] += cents
        return said(200, {"taken": True})


def found(log: Path, desk: Desk, *, known: bool) -> tuple[set[str], set[Verdict]]:
    """Findings and verdicts, where whoever is at the desk is known, or only members are."""
    people = [
        keyed(name, key, "clerk" if name == "eve" else "member")
        for key, name in KEYS.items()
        if known or name != "eve"
    ]
    with served(desk.answer) as url:
        target = stranger("hires", url, people)
        target.hints["admin_roles"] = ["clerk"]
        records = audited(str(log), target, DOCUMENT, ["AUTHZ-10"])
    return {v.place.operation for v in of_type(records, Violation)}, {
        e.verdict for e in of_type(records, CheckEnded)
    }


@pytest.mark.parametrize("known", [True, False], ids=["desk-known", "members-only"])
@pytest.mark.parametrize("operation", [LISTING, ADDING], ids=["listing", "adding"])
def test_what_the_desk_does_not_guard_is_found(tmp_path: Path, known: bool, operation: str) -> None:
    desk = Desk(operation)
    places, _ = found(tmp_path / "log", desk, known=known)
    assert places == {operation}
    assert len([p for p in desk.asked if p.startswith("/desk/")]) < 60


@pytest.mark.parametrize("known", [True, False], ids=["desk-known", "members-only"])
@pytest.mark.parametrize(
    "desk",
    [Desk(), Desk(page=True), Desk(ADDING, drops=True)],
    ids=["sound", "page-for-every-name", "says-done-and-does-nothing"],
)
def test_what_shows_and_does_nothing_is_no_finding(tmp_path: Path, known: bool, desk: Desk) -> None:
    places, verdicts = found(tmp_path / "log", desk, known=known)
    assert (places, verdicts) == (set(), {Verdict.PASS})
