"""A canteen with an account for everybody: orders of several lines that are paid and picked up,
crews that only their members see, and a few pages beside the JSON. `weak` is what is wrong with it
(`WEAKNESSES`), or looks so (`NEAR_MISSES`)."""

from __future__ import annotations

import itertools
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from email.message import Message
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from small_server import KEY_HEADER, Answer, keyed, said, served, stranger

from l7audit.model import Target

WEAKNESSES = (
    "notes-as-markup", "posts-as-markup", "names-as-markup", "orders-below-nothing",
    "transfers-backwards", "totals-taken", "anybody-joins", "unpaid-picked-up", "dates-traced",
    "offsets-traced",
)  # fmt: skip
NEAR_MISSES = ("bold-is-kept", "notes-in-scripts", "joins-are-asked-for", "paid-when-picked-up")

PEOPLE = ("mia", "ole", "pia")
DISHES = {"soup": 450, "stew": 620}
_KINDS = {"window", "yard"}
_TRACED = {"dates-traced", "offsets-traced"}
_FAR = 10_000
_PAGE = {"Content-Type": "text/html; charset=utf-8"}


class RefusedError(Exception):
    """What a request is answered that is not served."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Canteen:
    """Orders, crews and tables, each by its id."""

    def __init__(self, weak: str = "") -> None:
        self.weak = weak
        self.ids = (f"k{n * 7919 + 104729}" for n in itertools.count())
        self.people = {
            name: {"handle": name, "display_name": name.title(), "credit_cents": 50_000}
            for name in PEOPLE
        }
        self.orders: dict[str, dict[str, Any]] = {}
        self.crews: dict[str, dict[str, Any]] = {}
        self.tables: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        route, _, query = path.partition("?")
        parts = route.strip("/").split("/")
        me = (headers.get(KEY_HEADER) or "").removeprefix("key-of-")
        try:
            if me not in self.people:
                raise RefusedError(401, "who is it")
            given = body if isinstance(body, dict) else dict(parse_qsl(query))
            return self._rooms.get(parts[0], _nothing)(method, parts[1:], me, given)
        except RefusedError as refused:
            return said(refused.status, {"error": str(refused)})
        except (ArithmeticError, LookupError, TypeError, ValueError):
            told = traceback.format_exc() if self.weak in _TRACED else "it broke"
            return said(500, {"error": told})

    @property
    def _rooms(self) -> dict[str, Callable[[str, list[str], str, dict[str, Any]], Answer]]:
        return {
            "me": self._account,
            "transfers": self._transfers,
            "dishes": self._dishes,
            "orders": self._orders,
            "crews": self._crews,
            "tables": self._tables,
        }

    def _account(self, method: str, rest: list[str], me: str, body: dict[str, Any]) -> Answer:
        if rest or method not in {"GET", "PATCH"}:
            return _nothing()
        if method == "PATCH":
            self.people[me]["display_name"] = _text(body, "display_name")
        return said(200, self.people[me])

    def _transfers(self, method: str, rest: list[str], me: str, body: dict[str, Any]) -> Answer:
        if rest or method != "POST":
            return _nothing()
        other, cents = _text(body, "to_handle"), _whole(body, "cents")
        if other == me or other not in self.people:
            raise RefusedError(404, "nobody of that name")
        if cents < 1 and self.weak != "transfers-backwards":
            raise RefusedError(422, "more than nothing is given")
        self._pay(me, cents)
        self.people[other]["credit_cents"] += cents
        return said(201, {"id": next(self.ids)})

    def _pay(self, me: str, cents: int) -> None:
        if abs(cents) > self.people[me]["credit_cents"]:
            raise RefusedError(409, "so much is not there")
        self.people[me]["credit_cents"] -= cents

    def _dishes(self, method: str, rest: list[str], me: str, body: dict[str, Any]) -> Answer:
        return said(200, [{"sku": s, "price_cents": cents} for s, cents in DISHES.items()])

    def _orders(self, method: str, rest: list[str], me: str, body: dict[str, Any]) -> Answer:
        if not rest and method == "GET":
            return said(200, [o for o in self.orders.values() if o["ordered_by"] == me])
        if not rest and method == "POST":
            return said(201, self._ordered(me, body))
        order = self.orders.get(rest[0]) if rest else None
        if order is None or order["ordered_by"] != me:
            raise RefusedError(404, "no such order")
        act = {("POST", "pay"): self._paid, ("POST", "pickup"): self._picked_up}
        if rest[1:] == ["receipt"] and method == "GET":
            return self._receipt(order)
        if len(rest) == 2 and (method, rest[1]) in act:
            act[method, rest[1]](me, order)
        elif rest[1:] or method != "GET":
            return _nothing()
        return said(200, order)

    def _ordered(self, me: str, body: dict[str, Any]) -> dict[str, Any]:
        lines = body.get("lines")
        if not isinstance(lines, list) or not 0 < len(lines) < 20:
            raise RefusedError(422, "some lines are wanted")
        least = -99 if self.weak == "orders-below-nothing" else 1
        total = 0
        for line in lines:
            sku, qty = _text(line, "sku"), _whole(line, "qty")
            if sku not in DISHES or not least <= qty < 100:
                raise RefusedError(422, "no such dish, or not so many")
            total += DISHES[sku] * qty
        if self.weak == "totals-taken" and "total_cents" in body:
            total = _whole(body, "total_cents")
        made = {
            "id": next(self.ids),
            "ordered_by": me,
            "lines": [{"sku": line["sku"], "qty": line["qty"]} for line in lines],
            "note": _text({"note": "", **body}, "note"),
            "total_cents": total,
            "status": "placed",
        }
        return self.orders.setdefault(made["id"], made)

    def _paid(self, me: str, order: dict[str, Any]) -> None:
        if order["status"] != "placed" and not (
            self.weak == "paid-when-picked-up" and order["status"] == "picked_up"
        ):
            raise RefusedError(409, "there is nothing to pay")
        self._pay(me, order["total_cents"])
        order["status"] = "paid"

    def _picked_up(self, me: str, order: dict[str, Any]) -> None:
        early = self.weak in {"unpaid-picked-up", "paid-when-picked-up"}
        if order["status"] not in {"paid", *(["placed"] if early else [])}:
            raise RefusedError(409, "it is not ready")
        order["status"] = "picked_up"

    def _receipt(self, order: dict[str, Any]) -> Answer:
        note, name = order["note"], self.people[order["ordered_by"]]["display_name"]
        shown = note if self.weak == "notes-as-markup" else escape(note)
        if self.weak == "bold-is-kept":
            shown = shown.replace("&lt;b onclick", "<b><i ").replace("&gt;", ">")
        told = json.dumps(note).replace("</", "<\\/") if self.weak == "notes-in-scripts" else "''"
        who = name if self.weak == "names-as-markup" else escape(name)
        page = f"<title>{escape(note)}</title><p>{who}: {shown}</p><script>let note={told}</script>"
        return 200, page.encode(), _PAGE

    def _crews(self, method: str, rest: list[str], me: str, body: dict[str, Any]) -> Answer:
        if not rest and method == "GET":
            return said(200, [_crew(c) for c in self.crews.values() if me in c["members"]])
        if not rest and method == "POST":
            name = _text(body, "name")
            if not 0 < len(name) <= 40:
                raise RefusedError(422, "a name of 1 to 40 characters is wanted")
            made = {"id": next(self.ids), "name": name, "members": {me: "head"}, "posts": []}
            return said(201, _crew(self.crews.setdefault(made["id"], made)))
        crew = self.crews.get(rest[0]) if rest else None
        if crew is not None and (method, rest[1:]) == ("POST", ["members"]):
            return self._let_in(crew, me, _text(body, "handle"))
        if crew is None or crew["members"].get(me) not in {"head", "member"}:
            raise RefusedError(404, "no such crew")
        if len(rest) == 1 and method == "GET":
            return said(200, _crew(crew))
        return self._inside(method, rest[1:], crew, body)

    def _let_in(self, crew: dict[str, Any], me: str, handle: str) -> Answer:
        asked = self.weak == "joins-are-asked-for" and handle == me
        if crew["members"].get(me) != "head" and self.weak != "anybody-joins" and not asked:
            raise RefusedError(404, "no such crew")
        if handle not in self.people:
            raise RefusedError(404, "nobody of that name")
        crew["members"].setdefault(handle, "requested" if asked else "member")
        return said(201, {"handle": handle, "standing": crew["members"][handle]})

    def _inside(
        self, method: str, rest: list[str], crew: dict[str, Any], body: dict[str, Any]
    ) -> Answer:
        if rest == ["members"] and method == "GET":
            members = crew["members"].items()
            return said(200, [{"handle": h, "standing": s} for h, s in members])
        if rest == ["posts"] and method == "POST":
            crew["posts"].append({"id": next(self.ids), "text": _text(body, "text")})
            return said(201, crew["posts"][-1])
        if rest == ["posts"] and method == "GET":
            return said(200, crew["posts"])
        if rest == ["board"] and method == "GET":
            shown = (lambda t: t) if self.weak == "posts-as-markup" else escape
            posts = "".join(f"<li>{shown(post['text'])}</li>" for post in crew["posts"])
            return 200, f"<ul>{posts}</ul>".encode(), _PAGE
        return _nothing()

    def _tables(self, method: str, rest: list[str], me: str, body: dict[str, Any]) -> Answer:
        if not rest and method == "GET":
            kind, offset = body.get("kind", "yard"), body.get("offset", "0")
            if kind not in _KINDS or not offset.removeprefix("-").isdecimal():
                raise RefusedError(422, "no such table")
            if not 0 <= int(offset) <= _FAR and self.weak != "offsets-traced":
                raise RefusedError(422, "no such page")
            mine = (t for t in self.tables.values() if t["by"] == me)
            return said(200, list(islice(mine, int(offset), None)))
        if not rest and method == "POST":
            day, kind = _text(body, "day"), _text(body, "kind")
            if kind not in _KINDS:
                raise RefusedError(422, "no such table")
            if self.weak != "dates-traced":
                _checked(day)
            made = {"id": next(self.ids), "day": str(date.fromisoformat(day)), "kind": kind}
            return said(201, self.tables.setdefault(made["id"], {**made, "by": me}))
        table = self.tables.get(rest[0]) if len(rest) == 1 else None
        if table is None or table["by"] != me:
            raise RefusedError(404, "no such table")
        if method == "DELETE":
            del self.tables[table["id"]]
        return said(200, table) if method in {"GET", "DELETE"} else _nothing()


def _nothing(*_: object) -> Answer:
    return said(404, {"error": "nothing is there"})


def _crew(crew: dict[str, Any]) -> dict[str, Any]:
    return {"id": crew["id"], "name": crew["name"]}


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or len(value) > 300:
        raise RefusedError(422, f"{name} is wanted")
    return value


def _whole(body: Any, name: str) -> int:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 1_000_000:
        raise RefusedError(422, f"{name} is wanted")
    return value


def _checked(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise RefusedError(422, "no such day") from error


@contextmanager
def serving(canteen: Canteen) -> Iterator[Target]:
    """The canteen as a target that belongs to somebody else."""
    with served(canteen.answer) as url:
        yield stranger("canteen", url, [keyed(name, f"key-of-{name}") for name in PEOPLE])
