"""A decision about somebody's claim that is made once, by those of power."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob", "key-of-the-desk-77": "desk"}
DONE = {"responses": {"200": {"description": "Done"}}}
ONE = {"name": "claimId", "in": "path", "required": True, "schema": {"type": "integer"}}
DECISION = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"type": "string", "enum": ["approve", "reject"]}},
}
DECIDED = {"requestBody": {"content": {"application/json": {"schema": DECISION}}}}
DOCUMENT = guarded(
    "Claims",
    {
        "/claims": {"get": DONE},
        "/claims/{claimId}": {"parameters": [ONE], "get": DONE},
        "/claims/{claimId}/decision": {
            "parameters": [ONE],
            "post": {**DONE, **DECIDED, "summary": "Decide a claim, for staff only."},
        },
    },
)


class Claims:
    """Everybody has three claims, and the desk sees all; the careless let their owners decide."""

    def __init__(self, *, careless: bool) -> None:
        self.careless = careless
        owners = [who for who in ("ada", "bob") for _ in range(3)]
        self.claims = {n: [who, "open"] for n, who in enumerate(owners, 1)}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        seen = {n: s for n, (owner, s) in self.claims.items() if who in (owner, "desk")}
        _, _, number, *below = [*path.partition("?")[0].split("/"), ""][:4]
        if not number:
            return said(200, {"items": [{"id": n, "state": s} for n, s in seen.items()]})
        if not number.isdecimal() or int(number) not in seen:
            return said(404, {"error": "no such claim"})
        if (method, below) == ("POST", ["decision"]):
            return self._decided(who, int(number), body)
        return said(200, {"id": int(number), "state": seen[int(number)]})

    def _decided(self, who: str, number: int, body: Any) -> Answer:
        if who != "desk" and not self.careless:
            return said(403, {"error": "for the staff"})
        decision = body.get("decision") if isinstance(body, dict) else None
        if decision not in {"approve", "reject"}:
            return said(422, {"error": "approve or reject"})
        if self.claims[number][1] != "open":
            return said(409, {"error": "it was decided"})
        self.claims[number][1] = decision
        return said(200, {"id": number, "state": decision})


@pytest.mark.parametrize("careless", [False, True])
def test_a_decision_that_is_made_once_is_tried_on_what_is_open(
    tmp_path: Path, careless: bool
) -> None:
    people = [keyed(n, k, "staff" if n == "desk" else "customer") for k, n in KEYS.items()]
    with served(Claims(careless=careless).answer) as url:
        target = stranger("claims", url, people)
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ("AUTHZ-10",))
    found = {v.place.operation for v in of_type(records, Violation)}
    assert found == ({"POST /claims/{claimId}/decision"} if careless else set())
    verdicts = {e.verdict for e in of_type(records, CheckEnded)}
    assert Verdict.FAIL in verdicts if careless else verdicts == {Verdict.PASS}
