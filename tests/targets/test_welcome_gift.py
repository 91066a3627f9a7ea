"""A gift that each person may take once, which those of the profile have taken already."""

from __future__ import annotations

import threading
import time
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Credential, Identity, Verdict

GIFT = 10


def takes(**members: str) -> dict[str, Any]:
    """The body of an operation: these texts, all of them needed."""
    schema = {
        "type": "object",
        "required": list(members),
        "properties": {name: {"type": "string", "format": kind} for name, kind in members.items()},
    }
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


DONE = {"responses": {"200": {"description": "Done"}}}
OPEN = {**DONE, "security": []}
WAY_IN = takes(email="email", password="password")
DOCUMENT = guarded(
    "Gifts",
    {
        "/register": {"post": {**OPEN, **WAY_IN}},
        "/login": {"post": {**OPEN, **WAY_IN}},
        "/me": {"get": DONE},
        "/gift/claim": {
            "post": {**DONE, "summary": "Claim the welcome gift. Each member may claim it once."}
        },
    },
)


class Gifts:
    """Members with a balance. The careless look who has the gift, and note it later."""

    def __init__(self, *, careless: bool) -> None:
        self.careless = careless
        self.passwords = {f"{name}@example.com": f"long-{name}-1815" for name in ("ada", "bob")}
        self.balances = dict.fromkeys(self.passwords, GIFT)
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        if path in {"/register", "/login"}:
            return self._entered(path, body if isinstance(body, dict) else {})
        who = str(headers.get(KEY_HEADER)).removeprefix("of-")
        if who not in self.passwords:
            return said(401, {"error": "no"})
        if (method, path) == ("GET", "/me"):
            return said(200, {"email": who, "balance": self.balances.get(who, 0)})
        if (method, path) == ("POST", "/gift/claim"):
            return self._claimed(who)
        return said(404, {"error": "no such page"})

    def _entered(self, path: str, body: dict[str, Any]) -> Answer:
        mail, password = str(body.get("email")), str(body.get("password"))
        if path == "/register":
            if mail in self.passwords or "@" not in mail:
                return said(409, {"error": "not free"})
            self.passwords[mail] = password
            return said(201, {"email": mail})
        if self.passwords.get(mail) != password:
            return said(401, {"error": "no"})
        return said(200, {"access_token": f"of-{mail}"})

    def _claimed(self, who: str) -> Answer:
        if not self.careless:
            with self.lock:
                return self._given(who)
        if who in self.balances:
            return said(409, {"error": "you have it"})
        time.sleep(0.05)
        self.balances[who] = self.balances.get(who, 0) + GIFT
        return said(200, {"balance": self.balances[who]})

    def _given(self, who: str) -> Answer:
        if who in self.balances:
            return said(409, {"error": "you have it"})
        self.balances[who] = GIFT
        return said(200, {"balance": GIFT})


@pytest.mark.parametrize("careless", [False, True])
def test_newcomers_race_for_what_others_have_had(tmp_path: Path, careless: bool) -> None:
    gifts = Gifts(careless=careless)
    people = [
        Identity(
            name=mail,
            role="member",
            credentials=[Credential(kind="password", name=mail, secret=password)],
        )
        for mail, password in gifts.passwords.items()
    ]
    with served(gifts.answer, at_once=True) as url:
        records = audited(
            str(tmp_path / "log"), stranger("gifts", url, people), DOCUMENT, ("FLOW-03",)
        )
    found = {v.place.operation for v in of_type(records, Violation)}
    assert found == ({"POST /gift/claim"} if careless else set())
    (end,) = (e for e in of_type(records, CheckEnded) if "test_once" in e.check)
    assert end.verdict is (Verdict.FAIL if careless else Verdict.PASS)
