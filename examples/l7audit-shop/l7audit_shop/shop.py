"""The shop itself: what it sells, and what it makes of an order."""

from __future__ import annotations

import secrets
from typing import Any

PRICES = {"tea": 450, "cup": 1200}
"""Cents a piece."""

Wish = dict[str, Any]
Order = dict[str, Any]


class RefusedError(Exception):
    """What the shop will not do: an HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Shop:
    """Orders by id. Each step is a method of its own, so that a defect can take its place."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}

    def place(self, buyer: str, wish: Wish) -> Order:
        """A new order. Errors: `RefusedError`."""
        sku = wish.get("sku")
        if not isinstance(sku, str) or sku not in PRICES:
            raise RefusedError(422, "There is no such thing to buy.")
        quantity, price = self.quantity(wish), self.price(sku, wish)
        order: Order = {
            "id": secrets.token_hex(8),
            "buyer": buyer,
            "sku": sku,
            "quantity": quantity,
            "price": price,
            "total": price * quantity,
        }
        self.orders[order["id"]] = order
        return self.confirmation(order, wish)

    def quantity(self, wish: Wish) -> int:
        """How many pieces. Errors: `RefusedError`."""
        quantity = wish.get("quantity", 1)
        if type(quantity) is not int or not 1 <= quantity <= 100:
            raise RefusedError(422, "A quantity is a whole number from 1 to 100.")
        return quantity

    def price(self, sku: str, wish: Wish) -> int:
        """Cents a piece: the shop's own price, whatever else is wished."""
        return PRICES[sku]

    def confirmation(self, order: Order, wish: Wish) -> Order:
        """What the buyer is told of a new order."""
        return order

    def orders_of(self, buyer: str) -> list[Order]:
        """The buyer's orders."""
        return [o for o in self.orders.values() if o["buyer"] == buyer]

    def shown(self, buyer: str, name: str) -> Order:
        """One order, to its buyer alone. Errors: `RefusedError`."""
        order = self.orders.get(name)
        if order is None or order["buyer"] != buyer:
            return self.unknown(order)
        return order

    def unknown(self, order: Order | None) -> Order:
        """What is said of an order that is not there, or somebody else's."""
        raise RefusedError(404, "There is no such order.")

    def cancel(self, buyer: str, name: str) -> None:
        """Forgets an order of the buyer's. Errors: `RefusedError`."""
        order = self.orders.get(name)
        if order is None or order["buyer"] != buyer:
            raise RefusedError(404, "There is no such order.")
        del self.orders[name]
