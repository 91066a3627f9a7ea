"""What a document says must come first."""

from __future__ import annotations

import pytest

from l7audit.target.operation import Operation
from l7audit.target.target_model import Surface
from l7audit_suites.flow.preconditions import conditions, state_in, states

STATES = ("draft", "paid", "inTransit", "delivered")


def act(name: str, told: str) -> Surface:
    return Surface(Operation(name, "POST", f"/parcels/{{id}}/{name}", told=told))


@pytest.mark.parametrize(
    "told",
    [
        "Hands a paid parcel over to the courier",
        "Only paid parcels are handed over.",
        "Hands it over. The parcel must be paid.",
        "Hands it over once it is paid",
    ],
)
def test_a_state_that_an_act_asks_for_comes_first(told: str) -> None:
    (found,) = conditions([act("handover", told)], STATES)
    assert found.state == "paid"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("handover", "Hands a parcel over, whether paid or not"),
        ("handover", "Hands over what is not a paid parcel"),
        ("payment", "Makes it a paid parcel"),
        ("handover", "Hands a draft parcel over"),
        ("handover", ""),
    ],
)
def test_what_is_not_asked_for_does_not(name: str, told: str) -> None:
    assert list(conditions([act(name, told)], STATES)) == []


def test_one_act_comes_after_another_where_either_says_so() -> None:
    consent, signature = act("consent", ""), act("signatures", "Signs, once, after the consent")
    (found,) = conditions([consent, signature], ())
    assert (found.act, found.first) == (signature, consent)
    consent = act("consent", "Has to be given before the signature")
    (found,) = conditions([consent, act("signatures", "")], ())
    assert found.first is consent


def test_states_are_those_that_the_document_lists_and_an_answer_shows() -> None:
    status = {"type": "string", "enum": list(STATES)}
    schema = {"type": "object", "properties": {"data": {"properties": {"status": status}}}}
    assert states(schema) == STATES
    assert state_in({"data": {"status": "paid"}}, STATES) == "paid"
    assert state_in({"data": {"status": "lost"}}, STATES) == ""
