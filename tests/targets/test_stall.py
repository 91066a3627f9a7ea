"""What a shop is like: orders that only words call somebody's own, and that nobody can delete."""

from __future__ import annotations

import pytest
from stall.service import WEAKNESSES, Stall, document, serving

from l7audit import catalogue as catalogues
from l7audit.harness.context import Context
from l7audit.harness.crew import Worker
from l7audit.harness.serving import Job
from l7audit.journal import CheckEnded, Record, Violation, of_type
from l7audit.model import Confidence, Safety, Verdict
from l7audit.profile import Budget

CONTROLS = (
    "AUTHN-01", "AUTHN-23", "AUTHZ-01", "AUTHZ-04", "AUTHZ-06", "AUTHZ-10", "EXPOSE-02",
    "EXPOSE-03", "MASS-02", "MASS-03",
)  # fmt: skip
FOUND = {
    "orders-of-all": {
        ("AUTHZ-01", "GET /orders/{id}", Confidence.WEAK),
        ("AUTHZ-04", "GET /orders", Confidence.WEAK),
        ("AUTHZ-06", "POST /orders/{id}/hurry", Confidence.WEAK),
    },
    "state-taken": {("MASS-03", "POST /orders", Confidence.CONFIRMED)},
    "office-open": {("AUTHZ-10", "POST /admin/offers/{id}/recommend", Confidence.CONFIRMED)},
    "menu-open": {("AUTHZ-10", "PATCH /dishes/{name}", Confidence.CONFIRMED)},
    "stamps-open": {("AUTHZ-10", "POST /offers/{id}/stamp", Confidence.CONFIRMED)},
    "contact-of-all": {("AUTHZ-01", "GET /customers/{id}/contact", Confidence.WEAK)},
    "contact-open": {("AUTHN-01", "GET /customers/{id}/contact", Confidence.CONFIRMED)},
    "credit-open": {("AUTHZ-10", "PUT /admin/customers/{id}/credit", Confidence.CONFIRMED)},
    "reviews-with-phones": {
        ("EXPOSE-02", "GET /dishes/{name}/reviews", Confidence.CONFIRMED),
        ("EXPOSE-03", "GET /dishes/{name}/reviews", Confidence.CONFIRMED),
    },
    "tickets-tell-all": {
        ("EXPOSE-02", "GET /tickets/{ticket}", Confidence.CONFIRMED),
        ("EXPOSE-03", "GET /tickets/{ticket}", Confidence.CONFIRMED),
    },
    "logout-forgotten": {("AUTHN-23", "POST /logout", Confidence.CONFIRMED)},
}


def audited(worker: Worker, stall: Stall, *controls: str) -> list[Record]:
    """What these controls say of the stall; all of `CONTROLS` if none is given."""
    catalogue = catalogues.load(["l7audit_suites"])
    with serving(stall) as target:
        context = Context(
            target=target,
            document=document(),
            seed=7,
            controls={c.id: c for c in catalogue.controls},
            budget=Budget(),
            safety=Safety.INTRUSIVE,
        )
        records: list[Record] = []
        checks = tuple(c for c in catalogue.checks if c.control in (controls or CONTROLS))
        worker.run(Job(context, checks), records.append)
    return records


def test_a_sound_stall_passes(worker: Worker) -> None:
    ends = {e.control: (e.verdict, e.reason) for e in of_type(audited(worker, Stall()), CheckEnded)}
    assert ends == dict.fromkeys(CONTROLS, (Verdict.PASS, ""))


@pytest.mark.parametrize("weak", WEAKNESSES)
def test_each_weakness_is_found_and_no_other(worker: Worker, weak: str) -> None:
    violations = of_type(audited(worker, Stall(weak)), Violation)
    assert {(v.control, v.place.operation, v.confidence) for v in violations} == FOUND[weak]


def test_logins_that_are_held_off_are_not_taken_for_wrong_passwords(worker: Worker) -> None:
    stall = Stall()
    stall.crowded = True
    (end,) = of_type(audited(worker, stall, "RATE-11"), CheckEnded)
    assert end.verdict is Verdict.INCONCLUSIVE
    assert "holds logins off" in end.reason
