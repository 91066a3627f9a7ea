"""Power: what a description says of who may use an operation."""

from __future__ import annotations

import pytest

from l7audit.target.operation import Operation
from l7audit_suites.authz.power import kept_to_some, roles_in
from l7audit_suites.authz.untold_parts import part_of


def _told(text: str, refusal: str = "403") -> Operation:
    return Operation(name="o", method="POST", template="/o", told=text, answers={refusal: {}})


@pytest.mark.parametrize(
    "text",
    [
        "Sets the menu (kitchen only)",
        "Only the night desk may do this.",
        "Restricted to dispatchers",
        "Reserved for the back office",
    ],
)
def test_what_is_said_to_be_for_some_only_is_kept_to_them(text: str) -> None:
    assert kept_to_some(_told(text))


@pytest.mark.parametrize(
    "text",
    [
        "Changes a note (owner only)",
        "Only its author may do this.",
        "Only signed-in users can vote",
        "Restricted to members of the group",
        "A text (JSON only)",
        "Only paid orders are shown",
    ],
)
def test_what_is_for_whoever_it_belongs_to_is_kept_to_nobody_else(text: str) -> None:
    assert not kept_to_some(_told(text))


def test_words_do_not_suffice_where_no_refusal_is_named() -> None:
    assert not kept_to_some(_told("Sets the menu (kitchen only)", "404"))


def test_roles_are_found_by_the_members_that_hold_them() -> None:
    account = {"id": "u-1", "role": "member", "org": {"userType": "guest"}, "title": "chief"}
    assert roles_in(account) == {("", "role"): "member", ("org", "userType"): "guest"}
    assert roles_in(["role"]) == {}


@pytest.mark.parametrize(
    ("member", "part"),
    [("credit_cents", "credit"), ("discountPercent", "discount"), ("creditLimit", "credit-limit")],
)
def test_a_part_is_called_like_its_member_without_the_unit(member: str, part: str) -> None:
    assert part_of(member) == part
