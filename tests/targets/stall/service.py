"""A stall that takes orders: sessions in a cookie, orders that nobody can delete, and an office for
whoever runs it. `weak` is what is wrong with it (`WEAKNESSES`)."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.cookies import SimpleCookie
from typing import Any

from small_server import Answer, served, stranger

from l7audit.model import Credential, Identity, Target

WEAKNESSES = (
    "orders-of-all", "state-taken", "office-open", "logout-forgotten", "contact-of-all",
    "contact-open", "menu-open", "stamps-open",
    "reviews-with-phones", "tickets-tell-all", "credit-open",
)  # fmt: skip
PEOPLE = {"ann": "ann-pass-5d1c", "bob": "bob-pass-77a0", "chief": "chief-pass-3e22"}
COOKIE = "stall_session"

_TEXT = {"type": "string"}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_NUMBER = {**_ID, "example": "o-77"}
_DISH = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _TEXT, "price": {"type": "integer"}},
}
_PRICE = {"type": "object", "properties": {"price": {"type": "integer"}}}
_OFFER = {
    "type": "object",
    "properties": {"id": _TEXT, "what": _TEXT, "recommended": {"type": "boolean"}},
}
_ORDER = {
    "type": "object",
    "properties": {
        "id": _TEXT, "offer_id": _TEXT, "remark": _TEXT, "customer_id": _TEXT, "state": _TEXT,
        "ticket": _TEXT,
    },
}  # fmt: skip
_ANSWER = {"description": "Done", "content": {"application/json": {"schema": _OFFER}}}
_REVIEW = {"type": "object", "required": ["words"], "properties": {"words": _TEXT}}
_NEW = {
    "type": "object",
    "required": ["offer_id", "remark"],
    "properties": {"offer_id": _TEXT, "remark": _TEXT},
}
_LOGIN = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {"username": _TEXT, "password": _TEXT},
}


def document() -> str:
    """Its OpenAPI document."""

    def gives(schema: dict[str, Any], status: str = "200", **more: Any) -> dict[str, Any]:
        content = {"application/json": {"schema": schema}}
        return {"responses": {status: {"description": "Done", "content": content}}, **more}

    def takes(schema: dict[str, Any]) -> dict[str, Any]:
        return {"requestBody": {"content": {"application/json": {"schema": schema}}}}

    def listed(schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": schema}

    person = {
        "type": "object",
        "properties": {"id": _TEXT, "username": _TEXT, "phone": _TEXT, "role": _TEXT},
    }
    one = {"parameters": [_ID]}
    dish = {"parameters": [{**_ID, "name": "name"}]}
    return json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "Stall", "version": "1"},
            "security": [{"session": []}],
            "components": {
                "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}}
            },
            "paths": {
                "/login": {"post": {**takes(_LOGIN), **gives(person), "security": []}},
                "/logout": {"post": {"responses": {"204": {"description": "Gone"}}}},
                "/me": {"get": gives(person)},
                "/offers": {"get": gives(listed(_OFFER))},
                "/offers/{id}": {"get": gives(_OFFER, **one)},
                "/orders": {
                    "get": gives(listed(_ORDER)),
                    "post": gives(_ORDER, "201", **takes(_NEW)),
                },
                "/orders/{id}": {"get": gives(_ORDER, **one)},
                "/orders/{id}/hurry": {"post": gives(_ORDER, **one)},
                "/customers/{id}/contact": {"get": gives(person, **one)},
                "/admin/offers/{id}/recommend": {"post": gives(_OFFER, **one)},
                "/offers/{id}/stamp": {
                    "post": {
                        **gives(_OFFER, parameters=[_NUMBER], summary="Stamp it (kitchen only)"),
                        "responses": {"200": _ANSWER, "403": {"description": "Not for you"}},
                    }
                },
                "/admin/customers": {"get": gives(listed(person))},
                "/dishes": {
                    "get": {**gives(listed(_DISH)), "security": []},
                    "post": gives(_DISH, "201", **takes(_DISH)),
                },
                "/dishes/{name}/reviews": {
                    "get": {**gives(listed(_REVIEW), **dish), "security": []},
                    "post": gives(_REVIEW, "201", **dish, **takes(_REVIEW)),
                },
                "/tickets/{ticket}": {
                    "get": {
                        **gives({"type": "object", "properties": {"state": _TEXT}}),
                        "parameters": [{**_ID, "name": "ticket"}],
                        "security": [],
                    }
                },
                "/dishes/{name}": {"patch": gives(_DISH, **dish, **takes(_PRICE))},
            },
        }
    )


def phone(name: str) -> str:
    """How somebody is reached."""
    return f"555-{len(name)}-{name}"


class Stall:
    """The service's state and its rules. While it is `crowded` it holds every login off."""

    def __init__(self, *weak: str) -> None:
        self.weak = frozenset(weak)
        self.crowded = False
        self.sessions: dict[str, str] = {}
        self.offers = {n: {"id": n, "what": "plums", "recommended": False} for n in ("o-1", "o-2")}
        self.dishes = {n: {"name": n, "price": 7} for n in ("soup", "stew")}
        self.orders: dict[str, dict[str, Any]] = {}
        self.reviews: dict[str, list[dict[str, Any]]] = {}
        self.credits = dict.fromkeys(PEOPLE, 5)
        self.numbers = itertools.count(101)

    def answer(self, method: str, path: str, cookie: str, body: Any) -> tuple[int, Any, str]:
        """Status, body, and the session that is to be set, if any."""
        parts = [p for p in path.partition("?")[0].split("/") if p]
        given = body if isinstance(body, dict) else {}
        if (method, parts) == ("POST", ["login"]):
            return self.login(given)
        who = self.sessions.get(cookie, "")
        if parts[:1] == ["customers"] and parts[2:] == ["contact"]:
            return self.contact(parts[1], f"c-{who}")
        if (method, parts) == ("GET", ["dishes"]):
            return 200, list(self.dishes.values()), ""
        if method == "GET" and parts[:1] == ["dishes"] and parts[2:] == ["reviews"]:
            return 200, self.reviews.get(parts[1], []), ""
        if method == "GET" and parts[:1] == ["tickets"] and len(parts) == 2:
            return (*self.followed(parts[1]), "")
        if not who:
            return 401, {"error": "who are you?"}, ""
        match method, parts:
            case "POST", ["logout"]:
                if "logout-forgotten" not in self.weak:
                    del self.sessions[cookie]
                return 204, None, ""
            case "GET", ["me"]:
                return 200, {**self.entry(who), "phone": phone(who)}, ""
            case "GET", ["admin", "customers"] if who == "chief":
                return 200, [self.entry(name) for name in PEOPLE], ""
            case "PUT", ["admin", "customers", id, "credit"] if who == "chief" or (
                "credit-open" in self.weak
            ):
                return (*self.credited(id, given), "")
            case _, ["admin", "customers", *_]:
                return 403, {"error": "not for you"}, ""
            case "GET", ["offers"]:
                return 200, list(self.offers.values()), ""
            case "GET", ["offers", id] if id in self.offers:
                return 200, self.offers[id], ""
            case "POST", ["admin", "offers", id, "recommend"] if id in self.offers:
                if who != "chief" and "office-open" not in self.weak:
                    return 403, {"error": "not for you"}, ""
                self.offers[id]["recommended"] = True
                return 200, self.offers[id], ""
            case "POST", ["offers", id, "stamp"] if id in self.offers:
                if who != "chief" and "stamps-open" not in self.weak:
                    return 403, {"error": "not for you"}, ""
                if self.offers[id].get("stamped"):
                    return 409, {"error": "stamped already"}, ""
                self.offers[id]["stamped"] = True
                return 200, self.offers[id], ""
            case "POST", ["dishes", name, "reviews"] if isinstance(given.get("words"), str):
                review = {"words": given["words"]}
                if "reviews-with-phones" in self.weak:
                    review["phone"] = phone(who)
                self.reviews.setdefault(name, []).append(review)
                return 201, review, ""
            case _, ["dishes", *rest]:
                return (*self.cooked(method, rest, who, given), "")
            case _, ["orders", *rest]:
                return (*self.ordered(method, rest, f"c-{who}", given), "")
        return 404, {"error": "nothing there"}, ""

    def entry(self, name: str) -> dict[str, Any]:
        """What is told of somebody."""
        role = "chief" if name == "chief" else "customer"
        return {"id": f"c-{name}", "username": name, "role": role, "credit": self.credits[name]}

    def credited(self, id: str, given: dict[str, Any]) -> tuple[int, Any]:
        """What the office's own screen does, of which no document tells."""
        amount = given.get("credit")
        if not isinstance(amount, int) or id.removeprefix("c-") not in self.credits:
            return 422, {"error": "an amount for a customer is wanted"}
        self.credits[id.removeprefix("c-")] = amount
        return 200, {"credit": amount}

    def followed(self, ticket: str) -> tuple[int, Any]:
        """How far an order is, for whoever was given its ticket."""
        order = next((o for o in self.orders.values() if o["ticket"] == ticket), None)
        if order is None:
            return 404, {"error": "nothing there"}
        if "tickets-tell-all" not in self.weak:
            return 200, {"state": order["state"]}
        return 200, {"state": order["state"], "phone": phone(order["customer_id"][2:])}

    def cooked(
        self, method: str, rest: list[str], who: str, given: dict[str, Any]
    ) -> tuple[int, Any]:
        """What is answered of dishes: those of the chief alone, who need not say so."""
        if who != "chief" and not (method == "PATCH" and "menu-open" in self.weak):
            return 403, {"error": "not for you"}
        if method != "PATCH" or len(rest) != 1 or rest[0] not in self.dishes:
            return 422, {"error": "a dish is wanted"}
        dish = self.dishes[rest[0]]
        if isinstance(given.get("price"), int):
            dish["price"] = given["price"]
        return 200, dish

    def contact(self, id: str, who: str) -> tuple[int, Any, str]:
        """How to reach a customer; for himself alone."""
        if who == "c-" and "contact-open" not in self.weak:
            return 401, {"error": "who are you?"}, ""
        if id != who and not (
            "contact-of-all" in self.weak or (who == "c-" and "contact-open" in self.weak)
        ):
            return 404, {"error": "nothing there"}, ""
        if id not in {f"c-{name}" for name in PEOPLE}:
            return 404, {"error": "nothing there"}, ""
        return 200, {"id": id, "phone": phone(id[2:])}, ""

    def login(self, given: dict[str, Any]) -> tuple[int, Any, str]:
        if self.crowded:
            return 429, {"error": "later"}, ""
        name = given.get("username")
        if not isinstance(name, str) or PEOPLE.get(name) != given.get("password"):
            return 401, {"error": "no"}, ""
        session = secrets.token_urlsafe(24)
        self.sessions[session] = name
        return 200, {"id": f"c-{name}", "username": name}, session

    def ordered(
        self, method: str, rest: list[str], who: str, given: dict[str, Any]
    ) -> tuple[int, Any]:
        """What is answered of orders."""
        if method == "POST" and not rest:
            if given.get("offer_id") not in self.offers or not isinstance(given.get("remark"), str):
                return 422, {"error": "an offer and a remark are wanted"}
            order = {"id": f"r-{next(self.numbers)}", "state": "new", "customer_id": who}
            order["ticket"] = f"t-{secrets.token_hex(8)}"
            order |= {"offer_id": given["offer_id"], "remark": given["remark"]}
            if "state-taken" in self.weak:
                order["state"] = given.get("state", "new")
            self.orders[order["id"]] = order
            return 201, order
        mine = [o for o in self.orders.values() if self.shows(o, who)]
        if method == "GET" and not rest:
            return 200, mine
        order = next((o for o in mine if rest and o["id"] == rest[0]), {})
        if not order:
            return 404, {"error": "nothing there"}
        if method == "POST" and rest[1:] == ["hurry"]:
            order["state"] = "hurried"
            return 200, order
        return (200, order) if method == "GET" and len(rest) == 1 else (405, {"error": "not so"})

    def shows(self, order: dict[str, Any], who: str) -> bool:
        return order["customer_id"] == who or "orders-of-all" in self.weak


@contextmanager
def serving(stall: Stall) -> Iterator[Target]:
    """The service on a loopback port of its own, as a target with its people."""

    def answering(method: str, path: str, headers: Message, body: Any) -> Answer:
        carried = SimpleCookie(headers.get("Cookie", "")).get(COOKIE)
        cookie = carried.value if carried else ""
        status, said, session = stall.answer(method, path, cookie, body)
        fields = {"Content-Type": "application/json"}
        if status == 429:
            fields["Retry-After"] = "3600"
        if session:
            fields["Set-Cookie"] = f"{COOKIE}={session}; HttpOnly; SameSite=Strict"
        return status, b"" if said is None else json.dumps(said).encode(), fields

    with served(answering) as url:
        yield stranger(
            "stall",
            url,
            [
                Identity(
                    name=name,
                    role="admin" if name == "chief" else "user",
                    credentials=[Credential(kind="password", name=name, secret=secret)],
                )
                for name, secret in PEOPLE.items()
            ],
        )
