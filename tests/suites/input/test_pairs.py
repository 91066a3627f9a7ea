from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.input.pairs import EITHER, QUOTINGS, Told, condition, decides, differs, tell

Searcher = Callable[[str], Any]


def answering(search: Searcher) -> Callable[[str], Answer]:
    """A search as an answer: what breaks is a 400."""

    def ask(text: str) -> Answer:
        try:
            status, body = 200, search(text)
        except sqlite3.Error as error:
            status, body = 400, {"error": str(error)}
        return Answer(Request("GET", "/x"), status, Headers(), json.dumps(body).encode())

    return ask


@pytest.fixture
def rows() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE things (name TEXT)")
    connection.executemany("INSERT INTO things VALUES (?)", [("one",), ("two",)])
    return connection


def told(search: Searcher, form: str, seed: int) -> Told:
    return tell(answering(search), condition(random.Random(seed), form, "none"))


@pytest.mark.parametrize(
    ("statement", "form"),
    [
        ("SELECT name FROM things WHERE name = '{}'", QUOTINGS[0]),
        ("SELECT name FROM things WHERE (name = '{}')", QUOTINGS[1]),
        ("SELECT name FROM things WHERE name LIKE '%{}%'", QUOTINGS[0]),
        ('SELECT name FROM things WHERE name = "{}"', QUOTINGS[2]),
        ("SELECT name FROM things WHERE name = '{}'", EITHER[0]),
        ('SELECT name FROM things WHERE name = "{}"', EITHER[0]),
        ("SELECT name FROM things WHERE name LIKE '%{}%'", EITHER[0]),
        ("SELECT name FROM things WHERE (name = '{}')", EITHER[1]),
        ('SELECT name FROM things WHERE (name = "{}")', EITHER[1]),
    ],
)
def test_a_statement_made_of_text_is_seen(
    rows: sqlite3.Connection, statement: str, form: str
) -> None:
    def search(text: str) -> Any:
        return rows.execute(statement.format(text)).fetchall()

    assert decides(told(search, form, 1), told(search, form, 2))


@pytest.mark.parametrize("form", [*QUOTINGS, *EITHER])
def test_a_parameter_is_not(rows: sqlite3.Connection, form: str) -> None:
    def search(text: str) -> Any:
        return rows.execute("SELECT name FROM things WHERE name = ?", (text,)).fetchall()

    assert not differs(told(search, form, 1))


@pytest.mark.parametrize("form", [*QUOTINGS, *EITHER])
def test_an_error_that_repeats_the_text_is_not(form: str) -> None:
    def search(text: str) -> Any:
        raise sqlite3.OperationalError(f'near "{text}": syntax error')

    assert not differs(told(search, form, 1))


def test_answers_that_change_each_time_are_not() -> None:
    turn = iter(range(100))

    def search(_: str) -> Any:
        return ["x"] * next(turn)

    assert not decides(told(search, QUOTINGS[0], 1), told(search, QUOTINGS[0], 2))


def test_a_full_text_search_that_knows_or_is_not() -> None:
    texts = ["the one", "the other"]

    def search(text: str) -> Any:
        return [t for t in texts if set(t.split()) & set(text.replace("=", " ").split())]

    assert not differs(told(search, QUOTINGS[0], 3))
