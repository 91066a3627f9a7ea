"""Shops that are wrong in one place, and some that only look so. The shop knows none of them."""

from __future__ import annotations

from collections.abc import Sequence

from l7audit_shop.shop import Order, Shop, Wish


class TrustsTheBuyersPrice(Shop):
    """It charges what the buyer says a piece costs."""

    def price(self, sku: str, wish: Wish) -> int:
        said = wish.get("price")
        return said if type(said) is int else super().price(sku, wish)


class SellsNegativeQuantities(Shop):
    """It takes any whole number for a quantity, so that an order can owe the buyer money."""

    def quantity(self, wish: Wish) -> int:
        said = wish.get("quantity")
        return said if type(said) is int else super().quantity(wish)


class ShowsOrdersToEveryone(Shop):
    """It shows an order to whoever knows its id."""

    def unknown(self, order: Order | None) -> Order:
        return order if order is not None else super().unknown(order)


class EchoesTheOffer(Shop):
    """It repeats what the buyer offered, and charges its own price."""

    def confirmation(self, order: Order, wish: Wish) -> Order:
        return {**order, "offered": wish.get("price")}


class ClampsQuantities(Shop):
    """It takes an odd quantity for one piece, and charges that."""

    def quantity(self, wish: Wish) -> int:
        said = wish.get("quantity")
        return min(100, max(1, said)) if type(said) is int else super().quantity(wish)


class AnswersStrangersEmptily(Shop):
    """It answers strangers 200, with nothing in it."""

    def unknown(self, order: Order | None) -> Order:
        return {} if order is not None else super().unknown(order)


ALL: dict[str, type[Shop]] = {
    "shop.trusts-the-buyers-price": TrustsTheBuyersPrice,
    "shop.sells-negative-quantities": SellsNegativeQuantities,
    "shop.shows-orders-to-everyone": ShowsOrdersToEveryone,
    "shop.echoes-the-offer": EchoesTheOffer,
    "shop.clamps-quantities": ClampsQuantities,
    "shop.answers-strangers-emptily": AnswersStrangersEmptily,
}


def assembled(planted: Sequence[str]) -> Shop:
    """A shop with these planted. Errors: `KeyError` for a name that is not known."""
    kinds = tuple(ALL[name] for name in planted)
    return type("Planted", kinds, {})() if kinds else Shop()
