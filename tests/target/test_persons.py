"""Facts: what an answer tells of the person it belongs to."""

from __future__ import annotations

import json
from typing import Any

from l7audit.model import Identity, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.persons import Facts, facts_in, facts_of
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel


def test_members_that_name_a_person_or_a_tenant_are_facts() -> None:
    facts = facts_in(
        {"id": "o-1", "owner_id": "u-1", "orgId": 7, "userName": "x", "createdBy": "u-2",
         "items": {"tenant_id": "t-1"}, "user_count": 3}
    )  # fmt: skip
    assert facts.person == ("u-1", "u-2")
    assert facts.tenant == ("7", "t-1")
    assert facts.members["orgId"] == "7"


def test_an_answer_about_oneself_gives_one_s_own_id() -> None:
    assert facts_in({"readerRef": "r", "mail": "m"}, oneself=True).person == ("r",)
    assert facts_in({"id": "r"}).person == ()
    assert facts_in(None).person == ()


def test_somebody_goes_by_what_a_name_asks_for() -> None:
    facts = Facts(("u-1", "mara@x"), (), {"id": "u-1", "handle": "mara-7"})
    assert facts.under("handle")[0] == "mara-7"
    assert facts.under("to_handle")[0] == "mara-7"
    assert facts.under("memberId") == ("u-1", "mara@x")


def test_somebody_is_known_by_the_first_answer_that_speaks_of_him(
    target: Target, alice: Identity, answering: Any, answer: Any
) -> None:
    """What lists his things is called his, too, and names nobody."""
    reads = ("/account/hires", "/account")
    key = {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    read = {"get": {"security": [{"k": []}], "responses": {"200": {"description": "It."}}}}
    document = {"openapi": "3.1.0", "components": {"securitySchemes": key},
                "paths": dict.fromkeys(reads, read)}  # fmt: skip
    bodies: dict[str, Any] = {
        "/account/hires": {"ok": True, "data": []},
        "/account": {"ok": True, "data": {"handle": "mara-7", "mail": "mara@x"}},
    }

    def reply(request: Request) -> Answer:
        said: Answer = answer(200, bodies[request.path])
        return said

    model = TargetModel.of(json.dumps(document), target, seed=1)
    probe = answering(reply)
    assert facts_of(Sessions(model, probe), alice).person[0] == "mara-7"
    assert {r.path for r in probe.sent} == set(reads)
