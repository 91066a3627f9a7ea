"""That an order costs what it should and is seen by whom it should."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_shop.suite.shop.ordering import money_of, ordering, shared


@pytest.mark.control("SHOP-01")
def test_a_price_in_the_order_changes_nothing(check: Check) -> None:
    orders, buyer = ordering(check), check.identity()
    fair = orders.order(check, buyer)
    check.witness("An ordinary order is taken", fair)
    usual = money_of(orders.again(check, buyer, fair), orders.money)
    check.witness("An order says what it costs", bool(usual) and min(usual.values()) > 1)
    cheap = orders.order(check, buyer, **dict.fromkeys(usual, 1))
    paid = money_of(orders.again(check, buyer, cheap), orders.money) if cheap.ok else usual
    check.expect(
        paid == usual,
        orders.make.place("price"),
        "The buyer's own price is charged.",
        cheap,
        expected=f"{usual}, or a refusal",
        seen=str(paid),
    )


@pytest.mark.control("SHOP-02")
def test_a_quantity_below_one_is_not_sold(check: Check) -> None:
    orders, buyer = ordering(check), check.identity()
    fair = orders.order(check, buyer)
    check.witness("An ordinary order is taken", fair)
    for quantity in (-1, 0):
        odd = orders.order(check, buyer, **{orders.pieces: quantity})
        owed = money_of(orders.again(check, buyer, odd), orders.money) if odd.ok else {}
        check.expect(
            all(value > 0 for value in owed.values()),
            orders.make.place(f"a quantity of {quantity}"),
            "An order is taken that the buyer need not pay for.",
            odd,
            expected="a refusal, or a total above zero",
            seen=str(owed),
        )


@pytest.mark.control("SHOP-03")
def test_another_buyer_does_not_see_an_order(check: Check) -> None:
    orders, buyer, other = ordering(check), check.identity(), check.identity(index=1)
    made = orders.order(check, buyer)
    mine = orders.again(check, buyer, made)
    check.witness("Its buyer sees the order", mine)
    check.witness("The other buyer may order, too", lambda: orders.order(check, other))
    theirs = orders.again(check, other, made)
    told = shared(mine, theirs) if theirs.ok else []
    check.expect(
        not told,
        orders.read.place("somebody else's order"),
        f"Another buyer is told its {', '.join(told)}.",
        theirs,
        expected="403 or 404, or an answer that tells nothing",
    )
