"""Stays that name a vessel of their guest's: whoever names none of his own learns nothing."""

from __future__ import annotations

import sqlite3
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
TEXT = {"type": "string", "maxLength": 60}
NUMBER = {"type": "integer"}
QUOTED = [
    {"name": "vessel_id", "in": "query", "required": True, "schema": TEXT},
    {"name": "season", "in": "query", "schema": TEXT},
]
BROKEN = "sqlite3.OperationalError: unrecognized token"


def _takes(summary: str, status: str = "200", **members: Any) -> Any:
    answers = {status: {"description": "Done", "content": {"application/json": {"schema": {}}}}}
    body = {
        "type": "object",
        "properties": members,
        "required": [m for m in members if m != "note"],
    }
    takes = {"requestBody": {"content": {"application/json": {"schema": body}}}} if members else {}
    return {"summary": summary, "responses": answers, **takes}


def _at(name: str) -> Any:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT}]


def document(member: str, schema: Any) -> str:
    """The document, in which a stay names its vessel by this member."""
    return guarded(
        "Moorings",
        {
            "/me": {"get": _takes("Who I am")},
            "/harbours": {"get": _takes("All harbours")},
            "/vessels": {
                "get": _takes("All vessels"),
                "post": _takes("Enter a vessel", "201", name=TEXT, harbour=TEXT),
            },
            "/vessels/{vessel_id}": {
                "get": _takes("A vessel"),
                "delete": _takes("Strike a vessel off"),
                "parameters": _at("vessel_id"),
            },
            "/quotes": {"get": {**_takes("What a stay would cost"), "parameters": QUOTED}},
            "/stays": {
                "get": _takes("My stays"),
                "post": _takes("Book", "201", **{member: schema}, crates=NUMBER, note=TEXT),
            },
            "/stays/{stay_id}": {
                "get": _takes("A stay of mine"),
                "delete": _takes("Cancel"),
                "parameters": _at("stay_id"),
            },
        },
    )


class Moorings:
    """Books stays for vessels of the guest's own, which lie in a harbour that there is. `careless`:
    `read` (anybody's stay), `crates` (less than none), `note`, `season` (put into a statement)."""

    def __init__(self, member: str, stocked: bool, *careless: str) -> None:
        self.member, self.careless = member, frozenset(careless)
        self.vessels: dict[str, dict[str, Any]] = {}
        self.stays: dict[str, dict[str, Any]] = {}
        self.count = 4700
        self.prices = sqlite3.connect(":memory:", check_same_thread=False)
        self.prices.execute("CREATE TABLE price (season TEXT, cents INTEGER)")
        self.prices.execute("INSERT INTO price VALUES ('summer', 4200), ('winter', 1300)")
        if stocked:
            for who in ("bob", "ada"):
                self._enter(who, "Lark")
        self.stock = dict(self.vessels)

    def _enter(self, who: str, name: str) -> dict[str, Any]:
        self.count += 13
        vessel = {"id": f"v-{self.count}", "ownerId": f"m-{who}", "name": name}
        self.vessels[vessel["id"]] = vessel
        return vessel

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        given = body if isinstance(body, dict) else {}
        asked = dict(parse_qsl(path.partition("?")[2]))
        match [method, *path.partition("?")[0].strip("/").split("/")]:
            case _ if who is None:
                return said(401, {"error": "no"})
            case ["GET", "me"]:
                return said(200, {"id": f"m-{who}", "name": who})
            case ["GET", "harbours"]:
                return said(200, [{"id": "h-31", "name": "North haven"}])
            case ["GET", "vessels"]:
                return said(200, list(self.vessels.values()))
            case ["POST", "vessels"] if given.get("harbour") == "h-31":
                return said(201, self._enter(who, str(given.get("name"))))
            case ["GET", "quotes"] if self._has(who, asked.get("vessel_id")):
                return self._quoted(asked.get("season", ""))
            case ["GET", "stays"]:
                return said(200, [s for s in self.stays.values() if s["guestId"] == f"m-{who}"])
            case ["POST", "stays"]:
                return self._booked(who, given)
            case [_, "vessels", key] if key in self.vessels:
                return self._one(method, self.vessels, key, self.vessels[key]["ownerId"], who)
            case [_, "stays", key] if key in self.stays:
                return self._one(method, self.stays, key, self.stays[key]["guestId"], who)
        return said(422 if method == "POST" else 404, {"error": "no such thing"})

    def _booked(self, who: str, given: dict[str, Any]) -> Answer:
        named = given.get(self.member)
        named = named.get("id") if isinstance(named, dict) else named
        if not self._has(who, named):
            return said(404, {"error": "no such vessel"})
        note, crates = str(given.get("note", ""))[:60], given.get("crates")
        if "note" in self.careless and note.count("'") % 2:
            return said(500, {"error": f"{BROKEN}: {note}"})
        whole = isinstance(crates, int) and not isinstance(crates, bool) and crates < 10**6
        if not whole or (crates < 0 and "crates" not in self.careless):
            return said(422, {"error": "crates are counted"})
        self.count += 13
        stay = {"id": f"s-{self.count}", "guestId": f"m-{who}", "crates": crates, "note": note}
        self.stays[stay["id"]] = stay
        return said(201, stay)

    def _quoted(self, season: str) -> Answer:
        """What a stay costs in a season, out of a real table."""
        told, given = (f"'{season}'", ()) if "season" in self.careless else ("?", (season,))
        asked = f"SELECT season, cents FROM price WHERE season = {told}"
        try:
            rows = self.prices.execute(asked, given)
            return said(200, {"prices": [{"season": s, "cents": c} for s, c in rows]})
        except sqlite3.Error as error:
            return said(500, {"error": str(error)})

    def _has(self, who: str | None, vessel: Any) -> bool:
        return self.vessels.get(str(vessel), {}).get("ownerId") == f"m-{who}"

    def _one(self, method: str, kept: dict[str, Any], key: str, owner: str, who: str) -> Answer:
        mine = owner == f"m-{who}"
        if method == "DELETE" and mine:
            del kept[key]
            return 204, b"", {}
        shown = mine or kept is self.vessels or "read" in self.careless
        return said(200, kept[key]) if method == "GET" and shown else said(404, {"error": "no"})


def _found(
    log: Path, moorings: Moorings, schema: Any, *controls: str
) -> tuple[set[str], list[Verdict]]:
    """Where something is found, and how the checks end."""
    with served(moorings.answer) as url:
        target = stranger("moorings", url, [keyed(n, k) for k, n in KEYS.items()])
        records = audited(str(log), target, document(moorings.member, schema), controls)
    verdicts = [e.verdict for e in of_type(records, CheckEnded)]
    return {v.place.operation for v in of_type(records, Violation)}, verdicts


STYLES = [("vesselId", TEXT), ("vessel", TEXT), ("vessel_ref", {**TEXT, "example": "v-1"})]
NESTED = ("vessel", {"type": "object", "properties": {"id": TEXT}, "required": ["id"]})
DOORS = ("AUTHZ-01", "INPUT-01", "INPUT-04", "FLOW-01")


@pytest.mark.parametrize(("member", "schema"), [*STYLES, NESTED])
@pytest.mark.parametrize("stocked", [True, False])
def test_what_needs_a_thing_of_one_s_own_is_looked_at_all_the_same(
    tmp_path: Path, member: str, schema: Any, stocked: bool
) -> None:
    moorings = Moorings(member, stocked, "read", "note", "crates", "season")
    found, _ = _found(tmp_path / "log", moorings, schema, *DOORS)
    assert found == {"GET /stays/{stay_id}", "POST /stays", "GET /quotes"}
    assert (moorings.vessels, moorings.stays) == (moorings.stock, {})


@pytest.mark.parametrize(("member", "schema"), [*STYLES[:1], NESTED])
@pytest.mark.parametrize("stocked", [True, False])
def test_where_all_is_guarded_nothing_is_found_and_everything_was_looked_at(
    tmp_path: Path, member: str, schema: Any, stocked: bool
) -> None:
    moorings = Moorings(member, stocked)
    found, verdicts = _found(tmp_path / "log", moorings, schema, *DOORS)
    assert found == set()
    assert set(verdicts) == {Verdict.PASS}
    assert (moorings.vessels, moorings.stays) == (moorings.stock, {})
