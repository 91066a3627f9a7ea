"""Searches whose conditions stand in an object of the body: what is in there is data, too."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from email.message import Message
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEY = "key-of-ada-1815"
TEXT = {"type": "string"}
POTS = [
    {"title": "blue jug", "potter": "ines"},
    {"title": "red bowl", "potter": "joao"},
    {"title": "tall vase", "potter": "ines"},
]
FREE = {"type": "object", "additionalProperties": True}
NAMED = {
    "type": "object",
    "required": ["field", "value"],
    "properties": {"field": TEXT, "value": TEXT},
}


def document(where: dict[str, Any]) -> str:
    """The document of a search that takes such an object."""
    pot = {"type": "object", "properties": {"title": TEXT, "potter": TEXT}}
    body = {"type": "object", "properties": {"where": where}}
    listing = {"type": "object", "properties": {"pots": {"type": "array", "items": pot}}}
    searching = {
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "Found", "content": {"application/json": {"schema": listing}}}
        },
    }
    return guarded("Pots", {"/pots/search": {"post": searching}})


Found = list[dict[str, str]]


def by_operators(where: Any) -> Found | None:
    """As a document database reads a query that was passed on as it came."""

    def fits(value: str, wanted: Any) -> bool:
        if not isinstance(wanted, dict):
            return bool(value == wanted)
        known: dict[str, Callable[[Any], bool]] = {
            "$ne": lambda w: value != w,
            "$eq": lambda w: value == w,
            "$gt": lambda w: value > w,
            "$in": lambda w: value in w,
            "$regex": lambda w: re.search(w, value) is not None,
        }
        return all(known[name](w) for name, w in wanted.items() if name in known)

    return [p for p in POTS if all(fits(p.get(n, "\0"), w) for n, w in where.items())]


def by_text(where: Any) -> Found | None:
    """What is no text is refused; what is one is compared."""
    if not all(isinstance(w, str) and n in POTS[0] for n, w in where.items()):
        return None
    return [p for p in POTS if all(p[n] == w for n, w in where.items())]


def _table() -> sqlite3.Connection:
    table = sqlite3.connect(":memory:")
    table.execute("CREATE TABLE pots (title TEXT, potter TEXT)")
    table.executemany("INSERT INTO pots VALUES (:title, :potter)", POTS)
    return table


def _asked(condition: str, given: tuple[str, ...]) -> Found | None:
    table = _table()
    try:
        rows = table.execute(f"SELECT title, potter FROM pots WHERE {condition}", given)
        return [dict(zip(("title", "potter"), row, strict=True)) for row in rows]
    except sqlite3.Error:
        return None
    finally:
        table.close()


def by_pasted_sql(where: Any) -> Found | None:
    """The value is put into the SQL as it comes."""
    if where.get("field") not in POTS[0] or not isinstance(where.get("value"), str):
        return POTS if not where else None
    return _asked(f"{where['field']} = '{where['value']}'", ())


def by_bound_sql(where: Any) -> Found | None:
    """The value is bound."""
    if where.get("field") not in POTS[0] or not isinstance(where.get("value"), str):
        return POTS if not where else None
    return _asked(f"{where['field']} = ?", (where["value"],))


@pytest.mark.parametrize(
    ("where", "finds", "control", "verdict", "part"),
    [
        pytest.param(FREE, by_operators, "INPUT-06", Verdict.FAIL, "where", id="operators"),
        pytest.param(FREE, by_text, "INPUT-06", Verdict.PASS, "", id="texts"),
        pytest.param(NAMED, by_pasted_sql, "INPUT-02", Verdict.FAIL, "where.value", id="pasted"),
        pytest.param(NAMED, by_bound_sql, "INPUT-02", Verdict.PASS, "", id="bound"),
    ],
)
def test_what_stands_in_a_filter_is_data(
    tmp_path: Any,
    where: dict[str, Any],
    finds: Callable[[Any], Found | None],
    control: str,
    verdict: Verdict,
    part: str,
) -> None:
    def answer(method: str, path: str, headers: Message, body: Any) -> Answer:
        status, value = 200, {}
        asked = body.get("where", {}) if isinstance(body, dict) else None
        if headers.get(KEY_HEADER) != KEY:
            status = 401
        elif (method, path) != ("POST", "/pots/search"):
            status = 404
        elif not isinstance(asked, dict) or (found := finds(asked)) is None:
            status = 422
        else:
            value = {"pots": found}
        return said(status, value)

    ada = keyed("ada", KEY, "potter")
    with served(answer) as url:
        target = stranger("pots", url, [ada])
        records = audited(str(tmp_path / "log"), target, document(where), [control])
    assert [e.verdict for e in of_type(records, CheckEnded)] == [verdict]
    assert all(part in v.place.part for v in of_type(records, Violation))
