"""Members that a caller may not set: known by their names, and judged by what is shown later."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from l7audit.target.persons import Facts
from l7audit_suites.mass.guesses import guesses, owner_values
from l7audit_suites.mass.members import (
    ABSENT,
    Meaning,
    Wish,
    at,
    closed,
    meaning_of,
    others,
    subject,
)

FRESH = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Meaning.POWER, ["role", "isAdmin", "permissions", "tier", "is_staff"]),
        (Meaning.OWNER, ["owner_id", "tenantId", "createdBy", "userId", "organization"]),
        (
            Meaning.STANDING,
            ["verified", "status", "accountBalance", "approved", "total_cents", "feeMinor"],
        ),
        (
            Meaning.MADE,
            ["id", "created_at", "updatedAt", "verified_at", "size", "paidOn", "sha256"],
        ),
    ],
)
def test_a_member_means_what_the_words_of_its_name_say(kind: Meaning, names: list[str]) -> None:
    assert {name: meaning_of(name) for name in names} == dict.fromkeys(names, kind)


def test_what_an_answer_shows_and_a_request_does_not_declare_is_closed() -> None:
    takes = {
        "properties": {
            "name": {"type": "string"},
            "size": {"type": "integer", "readOnly": True},
            "settings": {"type": "object", "properties": {"tone": {"type": "string"}}},
        }
    }
    shown = {"id": "1", "name": "n", "size": 3, "settings": {"tone": "t", "beta": False},
             "billing": {"balance": 2}}  # fmt: skip
    paths = [path for path, _, _ in closed(shown, takes, {})]
    assert paths == [("id",), ("size",), ("settings", "beta"), ("billing", "balance")]


def test_what_is_told_of_each_part_of_a_thing_is_closed_too() -> None:
    line = {"type": "object", "properties": {"sku": {"type": "string"}}}
    takes = {"properties": {"lines": {"type": "array", "items": line}}}
    shown = {"lines": [{"sku": "tea", "price": 250}, {"sku": "soup", "price": 450}]}
    ((path, value, _),) = closed(shown, takes, {})
    assert (path, value) == (("lines", 0, "price"), 250)
    wish = Wish(path, 257)
    assert wish.name == "lines.price"
    sent = wish.into({"lines": [{"sku": "tea"}], "note": "n"})
    assert sent == {"lines": [{"sku": "tea", "price": 257}], "note": "n"}
    assert wish.granted(sent, shown)
    assert not wish.granted({"lines": []}, shown)


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        (False, {}, [True]),
        (3, {}, [10]),
        ("2026-01-02T03:04:05Z", {}, ["2001-01-02T03:04:05Z"]),
        (str(uuid.UUID(int=9)), {}, [str(FRESH)]),
        ("free", {"enum": ["free", "paid"]}, ["paid", "l7audit-free"]),
        (None, {"format": "date-time"}, ["2001-02-03T04:05:06Z"]),
        (None, {}, []),
        ({"a": 1}, {}, []),
    ],
)
def test_another_value_is_of_the_same_form(
    value: Any, schema: dict[str, Any], expected: Any
) -> None:
    assert others(value, schema, [], FRESH) == expected


def test_values_that_other_things_have_are_tried_before_invented_ones() -> None:
    assert others("free", {}, ["free", "paid", 7], FRESH)[0] == "paid"


def test_a_wish_goes_into_a_body_beside_what_stands_there() -> None:
    body = {"name": "n", "settings": {"tone": "t"}}
    assert Wish(("settings", "beta"), True).into(body) == {
        "name": "n",
        "settings": {"tone": "t", "beta": True},
    }
    assert Wish(("id",), 1).into({}) == {"id": 1}


@pytest.mark.parametrize(
    ("shown", "before", "granted"),
    [
        ({"role": "admin"}, {"role": "user"}, True),
        ({"role": "admin"}, {}, True),
        ({"role": "admin"}, {"role": "admin"}, False),
        ({"role": "user"}, {"role": "user"}, False),
        ({}, {"role": "user"}, False),
    ],
)
def test_a_wish_is_granted_where_a_later_look_shows_it_and_an_earlier_did_not(
    shown: dict[str, Any], before: dict[str, Any], granted: bool
) -> None:
    assert Wish(("role",), "admin").granted(shown, before) is granted


def test_a_moment_is_the_same_in_each_zone_and_true_is_not_one() -> None:
    assert Wish(("at",), "2001-01-02T03:04:05Z").granted({"at": "2001-01-02T05:04:05+02:00"}, {})
    assert not Wish(("admin",), True).granted({"admin": 1}, {})
    assert Wish(("owner",), "7").granted({"owner": 7}, {})


def test_the_object_that_shows_a_text_is_found_wherever_it_stands() -> None:
    body = {"data": {"items": [{"id": "1", "title": "x"}, {"id": "2", "title": "mark"}]}}
    assert subject(body, "mark") == {"id": "2", "title": "mark"}
    assert subject(body, "absent", "") == {}
    assert at({"a": {"b": 1}}, ("a", "b")) == 1
    assert at({"a": 1}, ("a", "b")) is ABSENT


def test_guesses_are_made_for_what_nobody_declares_or_shows() -> None:
    stranger = Facts(("u-2",), ("t-2",))
    takes = {"properties": {"role": {}}}
    powers = [w.name for w in guesses(takes, ["is_admin"], Meaning.POWER, stranger, ["root"])]
    assert powers == ["admin", "permissions"]
    owners = {w.name: w.value for w in guesses({}, [], Meaning.OWNER, stranger, [])}
    assert owners["owner_id"] == "u-2"
    assert owners["tenant_id"] == "t-2"
    assert not list(guesses({"additionalProperties": True}, [], Meaning.POWER, stranger, []))


def test_an_owner_is_replaced_by_what_names_a_stranger_in_the_same_form() -> None:
    stranger = Facts(("dave", str(FRESH)), ("globex",))
    assert owner_values("owner_id", str(uuid.UUID(int=3)), stranger)[0] == str(FRESH)
    assert owner_values("owner", "bob", stranger)[0] == "dave"
    assert owner_values("tenant_id", "acme", stranger) == ["globex"]
