"""Things with counted ids that nobody can make: named in bodies, and asked for with a filter."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import Violation, of_type

KEYS = {"key-of-ada-1815": 101, "key-of-bob-1906": 102}
DONE = {"responses": {"200": {"description": "Done"}}}


def numbered(name: str) -> dict[str, Any]:
    """The path parameter of a thing."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}


CUSTOMER = {"name": "customer_id", "in": "query", "schema": {"type": "integer"}}
CLAIM = {
    "type": "object",
    "required": ["policy_id", "treatment"],
    "properties": {"policy_id": {"type": "integer"}, "treatment": {"type": "string"}},
}
CLAIMED = {"requestBody": {"content": {"application/json": {"schema": CLAIM}}}}
DOCUMENT = guarded(
    "Policies",
    {
        "/me": {"get": DONE},
        "/policies": {"get": DONE},
        "/policies/{policyId}": {"parameters": [numbered("policyId")], "get": DONE},
        "/claims": {"get": {**DONE, "parameters": [CUSTOMER]}, "post": {**DONE, **CLAIMED}},
        "/claims/{claimId}": {"parameters": [numbered("claimId")], "get": DONE},
    },
)


class Policies:
    """Each customer's policies, and claims on them. `careless` names what asks for no owner."""

    def __init__(self, *careless: str) -> None:
        self.careless = careless
        self.policies = {n: {"id": n, "owner_id": 101 + n // 3} for n in (1, 2, 3, 4)}
        self.claims = {
            n: {"id": n, "owner_id": p["owner_id"], "policy_id": n, "treatment": f"care {n}"}
            for n, p in self.policies.items()
        }

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        path, _, query = path.partition("?")
        _, kind, number = [*path.split("/"), ""][:3]
        if kind == "me":
            return said(200, {"id": who})
        kept = {"policies": self.policies, "claims": self.claims}.get(kind)
        if kept is None:
            return said(404, {"error": "no such page"})
        if number:
            one = kept.get(int(number)) if number.isdecimal() else None
            if one is None or one["owner_id"] != who:
                return said(404, {"error": "no such thing"})
            return said(200, one)
        if method == "POST":
            return self._claimed(who, body)
        asked = parse_qs(query).get("customer_id", [""])[0] if kind == "claims" else ""
        whose = int(asked) if asked.isdecimal() and "filter" in self.careless else who
        return said(200, {"items": [one for one in kept.values() if one["owner_id"] == whose]})

    def _claimed(self, who: int, body: Any) -> Answer:
        named = body.get("policy_id") if isinstance(body, dict) else None
        policy = self.policies.get(named) if type(named) is int else None
        if policy is None:
            return said(422, {"error": "there is no such policy"})
        if policy["owner_id"] != who and "body" not in self.careless:
            return said(422, {"error": "there is no such policy"})
        number = max(self.claims) + 1
        self.claims[number] = {
            "id": number,
            "owner_id": who,
            "policy_id": named,
            "treatment": str(body.get("treatment")),
        }
        return said(201, self.claims[number])


@pytest.mark.parametrize(
    ("careless", "found"),
    [
        ((), set()),
        (("filter",), {("AUTHZ-05", "GET /claims")}),
        (("body",), {("AUTHZ-07", "POST /claims")}),
    ],
)
def test_what_people_have_already_is_named_and_asked_for(
    tmp_path: Path, careless: tuple[str, ...], found: set[tuple[str, str]]
) -> None:
    people = [keyed(f"customer {n}", key) for key, n in KEYS.items()]
    with served(Policies(*careless).answer) as url:
        target = stranger("policies", url, people)
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ("AUTHZ-05", "AUTHZ-07"))
    assert {(v.control, v.place.operation) for v in of_type(records, Violation)} == found
