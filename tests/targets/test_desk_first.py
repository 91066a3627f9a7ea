"""A service whose first reads are for its desk alone, which it says with 200."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any

from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
DONE = {"responses": {"200": {"description": "Done"}}}
DESK = {f"/desk/{name}": {"get": DONE} for name in ("hires", "kit", "members", "sums", "log")}
DOCUMENT = guarded("Hires", {**DESK, "/team/roster": {"get": DONE}})


def answer(_: str, path: str, headers: Message, __: Any) -> Answer:
    who = KEYS.get(str(headers.get(KEY_HEADER)))
    if who is None:
        status, value, extra = said(401, {"ok": False, "error": "sign in"})
        return status, value, {**extra, "WWW-Authenticate": "Key"}
    if path in DESK:
        return said(200, {"ok": False, "error": {"code": "not_allowed"}})
    return said(200, {"ok": True, "data": {"name": who}})


def test_a_member_is_seen_where_members_are_let_in(tmp_path: Path) -> None:
    people = [keyed(name, key) for key, name in KEYS.items()]
    with served(answer) as url:
        target = stranger("hires", url, people)
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ("AUTHN-03",))
    (end,) = of_type(records, CheckEnded)
    assert end.verdict is Verdict.PASS, end.reason
