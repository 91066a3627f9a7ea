"""Seats that are booked on sailings which all members are shown alike, and nobody of them makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Target, Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob", "key-of-mia-1977": "mia"}
JSON = {"content": {"application/json": {"schema": {"type": "object"}}}}
NOTE = {"type": "string", "maxLength": 60}
ROLE = {"type": "object", "properties": {"role": {"type": "string"}, "nickname": NOTE}}


AFTER = {"name": "after", "in": "query", "schema": {"type": "string"}}
TRACE = 'Traceback (most recent call last):\n  File "/srv/sailings/days.py", line 12, in day\n'


def _told(summary: str, status: str = "200", takes: Any = None) -> Any:
    told = {"summary": summary, "responses": {status: {"description": "Done", **JSON}}}
    return (
        told
        if takes is None
        else {**told, "requestBody": {"content": {"application/json": {"schema": takes}}}}
    )


def _ids(*names: str) -> Any:
    return [
        {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
    ]


DOCUMENT = guarded(
    "Sailings",
    {
        "/me": {"get": _told("My account"), "patch": _told("Change my account", takes=ROLE)},
        "/sailings": {"get": {**_told("All sailings"), "parameters": [AFTER]}},
        "/sailings/{sailing_id}/seats": {
            "get": _told("My seats"),
            "post": _told("Book a seat", "201", {"type": "object", "properties": {"note": NOTE}}),
            "parameters": _ids("sailing_id"),
        },
        "/sailings/{sailing_id}/seats/{seat_id}": {
            "get": _told("One of my seats"),
            "delete": _told("Give my seat back"),
            "parameters": _ids("sailing_id", "seat_id"),
        },
    },
)


class Sailings:
    """Books seats; what is `careless` (`list`, `read`, `delete`, `role`) asks nobody who he is, and
    careless `days` tell of the inside where they are none."""

    def __init__(self, *careless: str) -> None:
        self.careless = frozenset(careless)
        self.seats: dict[str, dict[str, str]] = {}
        self.roles = {"ada": "member", "bob": "member", "mia": "harbour-master"}
        self.nicknames = {name: [f"{name.title()} Lovely"] for name in self.roles}

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        parts = path.partition("?")[0].strip("/").split("/")
        given = body if isinstance(body, dict) else {}
        if parts == ["me"] and method in {"GET", "PATCH"}:
            if "role" in given and "role" in self.careless:
                self.roles[who] = str(given["role"])
            if isinstance(nickname := given.get("nickname"), str):
                self.nicknames[who].append(nickname)
            shown = {"role": self.roles[who], "nickname": self.nicknames[who][-1]}
            return said(200, {"id": f"m-{who}", **shown})
        if parts == ["sailings"] and method == "GET":
            if "after=" in path and "days" in self.careless:
                return said(500, {"error": TRACE})
            if "after=" in path:
                return said(422, {"error": "after is a day"})
            return said(200, {"sailings": [{"id": "s-4711", "name": "North sound"}]})
        if parts[:3] == ["sailings", "s-4711", "seats"]:
            return self._booked(method, parts[3:], who, given)
        return said(404, {"error": "no such page"})

    def _booked(self, method: str, rest: list[str], who: str, given: dict[str, Any]) -> Answer:
        if not rest and method == "POST":
            seat = f"b-{len(self.seats) * 7919 + 104729}"
            note = str(given.get("note", ""))[:60]
            self.seats[seat] = {"id": seat, "member_id": f"m-{who}", "note": note}
            return said(201, self.seats[seat])
        if not rest and method == "GET":
            return said(
                200, {"seats": [s for s in self.seats.values() if self._may("list", s, who)]}
            )
        seat = self.seats.get(rest[0]) if rest else None
        right = {"GET": "read", "DELETE": "delete"}.get(method)
        if seat is None or right is None or not self._may(right, seat, who):
            return said(404, {"error": "no such seat"})
        if method == "DELETE":
            del self.seats[seat["id"]]
            return 204, b"", {}
        return said(200, seat)

    def _may(self, right: str, seat: dict[str, str], who: str) -> bool:
        return right in self.careless or seat["member_id"] == f"m-{who}"


@contextmanager
def serving(sailings: Sailings) -> Iterator[Target]:
    """The sailings as a target with two members and one of power."""
    people = [keyed(name, key, "admin" if name == "mia" else "user") for key, name in KEYS.items()]
    with served(sailings.answer) as url:
        yield stranger("sailings", url, people)


def _found(log: Path, sailings: Sailings, *controls: str) -> dict[str, Verdict]:
    with serving(sailings) as target:
        records = audited(str(log), target, DOCUMENT, controls)
    places = {v.place.operation: Verdict.FAIL for v in of_type(records, Violation)}
    undecided = {e.control: e.verdict for e in of_type(records, CheckEnded)}
    return {
        **places,
        **{c: v for c, v in undecided.items() if v not in {Verdict.PASS, Verdict.FAIL}},
    }


@pytest.mark.parametrize(
    ("careless", "found"),
    [
        ((), set()),
        (("read",), {"GET /sailings/{sailing_id}/seats/{seat_id}"}),
        (("delete",), {"DELETE /sailings/{sailing_id}/seats/{seat_id}"}),
        (
            ("list", "read", "delete"),
            {
                "GET /sailings/{sailing_id}/seats",
                "GET /sailings/{sailing_id}/seats/{seat_id}",
                "DELETE /sailings/{sailing_id}/seats/{seat_id}",
            },
        ),
    ],
)
def test_what_is_booked_below_what_all_are_shown_is_its_owners(
    tmp_path: Path, careless: tuple[str, ...], found: set[str]
) -> None:
    sailings = Sailings(*careless)
    told = _found(tmp_path / "log", sailings, "AUTHZ-01", "AUTHZ-03", "AUTHZ-04")
    assert set(told) == found
    assert sailings.seats == {}


@pytest.mark.parametrize("careless", [(), ("role",)])
def test_a_role_that_the_document_lets_its_caller_set_is_tried_and_given_back(
    tmp_path: Path, careless: tuple[str, ...]
) -> None:
    sailings = Sailings(*careless)
    told = _found(tmp_path / "log", sailings, "MASS-05")
    assert set(told) == ({"PATCH /me"} if careless else set())
    assert sailings.roles["ada"] == "member"


@pytest.mark.parametrize("careless", [(), ("days",)])
def test_a_listing_without_ids_is_asked_what_is_no_day(
    tmp_path: Path, careless: tuple[str, ...]
) -> None:
    told = _found(tmp_path / "log", Sailings(*careless), "EXPOSE-04")
    assert set(told) == ({"GET /sailings"} if careless else set())


def test_what_the_callers_call_themselves_is_put_back(tmp_path: Path) -> None:
    sailings = Sailings()
    before = {name: written[0] for name, written in sailings.nicknames.items()}
    assert _found(tmp_path / "log", sailings, "INPUT-07") == {}
    assert any(len(written) > 2 for written in sailings.nicknames.values())
    assert {name: written[-1] for name, written in sailings.nicknames.items()} == before
