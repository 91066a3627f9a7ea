"""Which members say how much, what amounts make no sense, and what shows that one was taken."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.target.compose import put
from l7audit.target.operation import Operation
from l7audit_suites.flow.amounts import BEYOND, Amount, amounts, kept, shown, taken, turned, unequal
from l7audit_suites.flow.standing import moved, stocks

WHOLE: dict[str, Any] = {"type": "integer"}


def test_amounts_are_found_within_objects_and_first_items() -> None:
    line = {"type": "object", "properties": {"quantity": WHOLE, "note": {"type": "string"}}}
    schema = {"properties": {"lines": {"type": "array", "items": line}, "tip": WHOLE}}
    found = amounts(schema, {"lines": [{"quantity": 2}]})
    assert [a.path for a in found] == [("lines", 0, "quantity"), ("tip",)]
    assert found[0].into({"lines": [{"quantity": 2}]}, -1) == {"lines": [{"quantity": -1}]}


@pytest.mark.parametrize("name", ["shelves", "copies", "crates", "numberOfBoxes", "copy_count"])
def test_what_has_to_be_said_where_something_is_ordered_counts_what_it_is_called_by(
    name: str,
) -> None:
    needed = {"type": "object", "properties": {name: WHOLE}, "required": [name]}
    spare = {"type": "object", "properties": {name: WHOLE}}
    assert [a.name for a in amounts(needed, {name: 1}, ordered=True)] == [name]
    assert amounts(needed, {name: 1}) == []
    assert amounts(spare, {name: 1}, ordered=True) == []


def test_amounts_that_say_so_themselves_come_before_what_is_merely_counted() -> None:
    schema = {"properties": {"crates": WHOLE, "price": WHOLE}, "required": ["crates", "price"]}
    order = Operation("x", "POST", "/orders", bodies={"application/json": schema})
    assert [a.name for a in taken(order, {"crates": 1, "price": 1})] == ["price", "crates"]


def test_the_sensible_amount_is_the_least_that_the_schema_admits() -> None:
    assert Amount(("n",), {"type": "integer", "minimum": 5}).plain() == 5
    assert Amount(("n",), {"type": "integer", "exclusiveMinimum": 0}).plain() == 1
    assert Amount(("n",), WHOLE).plain() == 1


def test_nothing_makes_no_sense_only_where_more_is_asked_for() -> None:
    asked = Amount(("n",), {"type": "integer", "minimum": 1})
    assert [value for _, value in asked.senseless(1)] == [-1, 0, 1.5, BEYOND]
    assert next(v for _, v in Amount(("limit",), WHOLE).senseless(1)) == -2, "-1 may say: none"
    assert 0 not in [value for _, value in Amount(("n",), WHOLE).senseless(1)]


def test_an_amount_is_kept_where_a_thing_shows_it() -> None:
    thing = {"order": {"items": [{"quantity": -1}]}, "quantity": "3"}
    assert kept(shown(thing, "quantity"), -1)
    assert not kept(shown(thing, "quantity"), 0)
    assert not kept([1.0], -1), "an amount that was made sensible is not kept"
    assert kept([-9.2e18], BEYOND)
    assert not kept([float(BEYOND)], BEYOND)


def test_balances_that_move_the_other_way_or_unequally_show_it() -> None:
    plain = {"his": -1.0, "hers": 1.0}
    assert turned(plain, {"his": 1.0, "hers": -1.0}) == ["his", "hers"]
    assert turned(plain, {}) == []
    assert unequal(plain, {"his": -1.0, "hers": 2.0})
    assert not unequal(plain, {"his": -1.5, "hers": 1.5})
    assert not unequal({"his": -1.0}, {"his": -2.0})


def test_what_somebody_has_is_read_by_the_id_of_its_thing() -> None:
    wallets = [{"id": "b", "balance": 2}, {"id": "a", "balance": "7.50", "size": 9}]
    body = {"items": wallets, "credits": 4, "total": True}
    assert dict(stocks(body)) == {
        ".credits": 4.0,
        ".items[b].balance": 2.0,
        ".items[a].balance": 7.5,
    }
    assert moved({"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0, "c": 1.0}) == {"a": 2.0}


def test_a_value_is_put_at_its_path_and_the_rest_stays() -> None:
    body = {"a": [{"b": 1, "c": 2}], "d": 3}
    assert put(body, ("a", 0, "b"), 9) == {"a": [{"b": 9, "c": 2}], "d": 3}
    assert body["a"] == [{"b": 1, "c": 2}]
