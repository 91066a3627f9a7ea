"""What usually comes first, and what a thing tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit_suites.flow.usual_order import lacks, tells, usual, went_on

PAY = Operation("pay", "POST", "/orders/{id}/pay")
STATES = ("placed", "paid", "picked_up")


def orders(*names: str, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    acts = [Surface(Operation(n, "POST", f"/orders/{{id}}/{n}")) for n in names]
    left = [a.operation for a in acts if a.operation.name in but]
    return [(o.first.operation.name, o.then.operation.name) for o in usual(acts, left)]


def test_what_is_paid_or_approved_comes_before_what_is_handed_out() -> None:
    assert orders("pickup", "pay") == [("pay", "pickup")]
    assert orders("approve", "ship", "rate") == [("approve", "ship")]
    assert orders("pay", "hand-over", but=("hand-over",)) == []
    assert orders("cancel", "pickup") == []
    assert orders("pay", "refund") == []


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ({"status": "paid"}, True),
        ({"paid": True}, True),
        ({"payment": {"status": "paid"}}, True),
        ({"paid_at": "2030-01-01T00:00:00Z"}, True),
        ({"status": "placed", "paid": False, "paid_at": None}, False),
        ({"note": "paid"}, False),
        ({"status": "unpaid"}, False),
        (None, False),
    ],
)
def test_a_thing_tells_that_something_was_done(shown: Any, told: bool) -> None:
    assert tells(shown, PAY) is told


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ({"paid": False}, True),
        ({"paid_at": None}, True),
        ({"payment_status": "pending"}, True),
        ({"status": "picked_up"}, True),  # past the state of the act
        ({"status": "placed"}, False),
        ({"status": "elsewhere"}, False),
        ({"open": False}, False),
    ],
)
def test_a_thing_tells_that_something_was_not_done(shown: Any, told: bool) -> None:
    assert lacks(shown, PAY, STATES) is told


def test_a_thing_went_on_if_its_state_is_another() -> None:
    assert went_on({"status": "placed"}, {"status": "picked_up"}) == "picked_up"
    assert went_on({"status": "placed", "n": 1}, {"status": "placed", "n": 2}) == ""
    assert went_on({}, {"status": "placed"}) == ""
