"""A cellar: what is drawn is taken from a cask, the office gives vouchers, and orders are paid,
delivered and given back. Stock that only the thing itself shows is watched, codes are got from who
gives them, and what is done to an order is tried too early and once more."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from contextlib import nullcontext
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

CONTROLS = ("FLOW-01", "FLOW-02", "FLOW-03", "FLOW-04")
KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob", "key-of-the-office": "office"}


def _object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*members], "properties": members}


def _told(shown: Any = None, *, takes: Any = None, status: str = "200") -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": shown}}} if shown else {}
    told: dict[str, Any] = {"responses": {status: {"description": "Done", **content}}}
    if takes:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": takes}}}
    return told


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
LITRES = {"type": "integer", "minimum": 1, "maximum": 5_000, "example": 900}
CASK, DRAW = _object(id=TEXT, litres=WHOLE), _object(id=TEXT, litres=WHOLE)
STATES = ["open", "paid", "delivered", "refunded"]
ORDER = _object(id=TEXT, note=TEXT, status={"type": "string", "enum": STATES})
ID = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
PATHS = {
    "/me": {"get": _told(_object(name=TEXT, credit=WHOLE))},
    "/casks": {
        "get": _told({"type": "array", "items": CASK}),
        "post": _told(CASK, takes=_object(litres=LITRES), status="201"),
    },
    "/casks/{id}": {"get": _told(CASK), "delete": _told(status="204"), "parameters": ID},
    "/casks/{id}/draws": {
        "get": _told({"type": "array", "items": DRAW}),
        "post": _told(DRAW, takes=_object(litres={"type": "number"}), status="201"),
        "parameters": ID,
    },
    "/orders": {
        "get": _told({"type": "array", "items": ORDER}),
        "post": _told(ORDER, takes=_object(note=TEXT), status="201"),
    },
    "/orders/{id}": {"get": _told(ORDER), "delete": _told(status="204"), "parameters": ID},
    "/orders/{id}/payment": {"post": _told(ORDER), "parameters": ID},
    "/orders/{id}/delivery": {
        "post": {**_told(ORDER), "summary": "Brings a paid order to its customer"},
        "parameters": ID,
    },
    "/orders/{id}/refund": {"post": _told(ORDER), "parameters": ID},
    "/office/vouchers": {
        "post": _told(
            _object(code=TEXT, credit=WHOLE),
            takes=_object(holder=TEXT, credit={**WHOLE, "minimum": 1}),
            status="201",
        )
    },
    "/vouchers/redemption": {"post": _told(_object(credit=WHOLE), takes=_object(code=TEXT))},
}
DOCUMENT = guarded("Cellar", PATHS)


class Cellar:
    """Casks, draws, orders and vouchers. `weak`: what it leaves out."""

    def __init__(self, *weak: str) -> None:
        self.weak = frozenset(weak)
        self.credit = dict.fromkeys(KEYS.values(), 50)
        self.casks: dict[str, dict[str, Any]] = {}
        self.draws: dict[str, list[dict[str, Any]]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.vouchers: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        self.made = 0

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        given = body if isinstance(body, dict) else {}
        segments = path.strip("/").split("/")
        if who is None:
            return said(401, {"error": "who are you?"})
        if (method, path) == ("GET", "/me"):
            return said(200, {"name": who, "credit": self.credit[who]})
        if (method, path) == ("POST", "/office/vouchers"):
            return self._voucher(who, given)
        if (method, path) == ("POST", "/vouchers/redemption"):
            return self._redeemed(who, given)
        if segments[0] == "orders":
            return self._order(method, segments[1:], who, given)
        if segments[0] == "casks":
            return self._cask(method, segments[1:], who, given)
        return said(404, {"error": "nothing is here"})

    def _id(self) -> str:
        with self.lock:
            self.made += 1
            return f"{self.made * 7_919 + 104_729:08}"

    def _voucher(self, who: str, given: Any) -> Answer:
        if who != "office":
            return said(403, {"error": "the office alone gives vouchers"})
        if given.get("holder") not in self.credit or not isinstance(given.get("credit"), int):
            return said(422, {"error": "nobody is called so"})
        code = f"cellar-{self._id()}"
        self.vouchers[code] = {"credit": given["credit"], "holder": given["holder"]}
        return said(201, {"code": code, "credit": given["credit"]})

    def _redeemed(self, who: str, given: Any) -> Answer:
        code = str(given.get("code"))
        with nullcontext() if "looks-then-redeems" in self.weak else self.lock:
            voucher = self.vouchers.get(code)
            if voucher is None or voucher["holder"] != who:
                return said(409, {"error": "no voucher of yours"})
            time.sleep(0.03)
            self.vouchers.pop(code, None)
            self.credit[who] += voucher["credit"]
        return said(200, {"credit": self.credit[who]})

    def _cask(self, method: str, rest: list[str], who: str, given: Any) -> Answer:
        if not rest and method == "GET":
            return said(200, [_shown(c) for c in self.casks.values() if c["of"] == who])
        if not rest and method == "POST":
            if not isinstance(given.get("litres"), int) or not 0 < given["litres"] <= 5_000:
                return said(422, {"error": "litres are whole and more than none"})
            cask = {"id": self._id(), "litres": given["litres"], "of": who}
            self.casks[cask["id"]] = cask
            return said(201, _shown(cask))
        found = self.casks.get(rest[0]) if rest else None
        if found is None or found["of"] != who:
            return said(404, {"error": "no such cask"})
        if len(rest) == 1 and method == "DELETE":
            return 204 if self.casks.pop(rest[0], None) else 404, b"", {}
        if len(rest) == 1 and method == "GET":
            return said(200, _shown(found))
        if rest[1:] == ["draws"]:
            return self._drawn(method, found, given)
        return said(405, {"error": "not in this way"})

    def _order(self, method: str, rest: list[str], who: str, given: Any) -> Answer:
        if not rest and method == "GET":
            return said(200, [_order(o) for o in self.orders.values() if o["of"] == who])
        if not rest and method == "POST":
            made = {"id": self._id(), "note": given.get("note"), "status": "open", "of": who}
            self.orders[made["id"]] = made
            return said(201, _order(made))
        found = self.orders.get(rest[0]) if rest else None
        if found is None or found["of"] != who:
            return said(404, {"error": "no such order"})
        if len(rest) == 1:
            if method == "DELETE":
                del self.orders[rest[0]]
            return (204, b"", {}) if method == "DELETE" else said(200, _order(found))
        first, then, worth = {
            "payment": ({"open"}, "paid", -3),
            "delivery": ({"paid"} | ({"open"} & self._lets("unpaid")), "delivered", 0),
            "refund": ({"paid"} | ({"refunded"} & self._lets("again")), "refunded", 3),
        }.get(rest[1], (set(), "", 0))
        if method != "POST" or found["status"] not in first:
            return said(409, {"error": "not now"})
        found["status"] = then
        self.credit[who] += worth
        return said(200, _order(found))

    def _lets(self, what: str) -> set[str]:
        weak = {"unpaid": "delivers-unpaid", "again": "refunds-again"}[what] in self.weak
        return {"open", "refunded"} if weak else set()

    def _drawn(self, method: str, cask: dict[str, Any], given: Any) -> Answer:
        drawn = self.draws.setdefault(cask["id"], [])
        if method == "GET":
            return said(200, list(drawn))
        litres = given.get("litres")
        least = -5_000 if "draws-less-than-nothing" in self.weak else 1
        if not isinstance(litres, int) or not least <= litres <= 5_000:
            return said(422, {"error": "litres are whole and more than none"})
        with nullcontext() if "looks-then-draws" in self.weak else self.lock:
            left = cask["litres"]
            if left < litres:
                return said(409, {"error": "there is not so much in it"})
            time.sleep(0.03)
            cask["litres"] = left - litres
        draw = {"id": self._id(), "litres": litres}
        drawn.append(draw)
        return said(201, draw)


def _shown(cask: dict[str, Any]) -> dict[str, Any]:
    return {"id": cask["id"], "litres": cask["litres"]}


def _order(order: dict[str, Any]) -> dict[str, Any]:
    return {name: order[name] for name in ("id", "note", "status")}


def _found(
    folder: Path, *weak: str, controls: Collection[str] = CONTROLS
) -> tuple[set[tuple[str, str]], dict[str, Verdict]]:
    """What violates what, and how the checks ended that the weakness is none of."""
    roles = {"ada": "guest", "bob": "guest", "office": "admin"}
    people = [keyed(name, key, roles[name]) for key, name in KEYS.items()]
    with served(Cellar(*weak).answer, at_once=True) as url:
        target = stranger("cellar", url, people)
        records = audited(str(folder / "checks.log"), target, DOCUMENT, controls)
    said = {(v.control, v.place.operation) for v in of_type(records, Violation)}
    ended = {e.check.rpartition("::")[2]: e.verdict for e in of_type(records, CheckEnded)}
    return said, ended


def test_a_sound_cellar_gives_no_more_than_there_is(tmp_path: Path) -> None:
    found, ended = _found(tmp_path)
    assert found == set()
    for check in (
        "test_nothing_is_done_before_what_the_document_says_must_come_first",
        "test_what_a_thing_brings_or_costs_it_does_once",
    ):
        assert ended[check] is Verdict.PASS


@pytest.mark.parametrize(
    ("weak", "control", "operation"),
    [
        ("draws-less-than-nothing", "FLOW-01", "POST /casks/{id}/draws"),
        ("looks-then-draws", "FLOW-04", "POST /casks/{id}/draws"),
        ("looks-then-redeems", "FLOW-03", "POST /vouchers/redemption"),
        ("delivers-unpaid", "FLOW-02", "POST /orders/{id}/delivery"),
        ("refunds-again", "FLOW-02", "POST /orders/{id}/refund"),
    ],
)
def test_each_of_its_weaknesses_is_found_where_it_is(
    tmp_path: Path, weak: str, control: str, operation: str
) -> None:
    assert _found(tmp_path, weak, controls=(control,))[0] == {(control, operation)}
