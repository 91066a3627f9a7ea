from __future__ import annotations

import itertools
import json
import shlex
import sqlite3
from collections.abc import Callable

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.input.breaks import rounds

Taker = Callable[[str], object]


def asking(take: Taker) -> Callable[[str], Answer]:
    """An operation that says nothing but whether it failed."""

    def ask(text: str) -> Answer:
        try:
            take(text)
        except (sqlite3.Error, ValueError):
            return Answer(Request("POST", "/x"), 500, Headers(), json.dumps({"error": 1}).encode())
        return Answer(Request("POST", "/x"), 201, Headers(), json.dumps({"id": 1}).encode())

    return ask


def words() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"word{next(numbers)}"


@pytest.fixture
def table() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE things (name TEXT, size INTEGER)")
    return connection


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO things (name) VALUES ('{}')",
        "UPDATE things SET size = 1 WHERE name = '{}'",
        "SELECT * FROM things WHERE name LIKE '%{}%'",
        'SELECT * FROM things WHERE name = "{}"',
    ],
)
def test_a_broken_statement_shows_though_nothing_of_it_is_answered(
    table: sqlite3.Connection, statement: str
) -> None:
    assert rounds(asking(lambda text: table.execute(statement.format(text))), words())


def test_a_number_in_a_statement_shows_too(table: sqlite3.Connection) -> None:
    def take(text: str) -> object:
        return table.execute(f"SELECT * FROM things WHERE size = {text}")

    assert rounds(asking(take), lambda: "1")


def test_a_number_that_is_compared_as_a_text_shows_too(table: sqlite3.Connection) -> None:
    def take(text: str) -> object:
        return table.execute(f"SELECT * FROM things WHERE size = '{text}'")

    assert rounds(asking(take), lambda: "1")


def test_what_is_refused_with_its_quotes_closed_is_not_asked_on() -> None:
    asked: list[str] = []

    def take(text: str) -> object:
        asked.append(text)
        return bounded(text)

    assert rounds(asking(take), lambda: "word") == ()
    assert len(asked) == 3


def bounded(text: str) -> None:
    if not text.isalnum():
        raise ValueError(text)


def test_a_parameter_a_shell_s_quotes_and_a_picky_form_are_no_sql(
    table: sqlite3.Connection,
) -> None:
    takers: list[Taker] = [
        lambda text: table.execute("SELECT * FROM things WHERE name = ?", (text,)),
        shlex.split,
        bounded,
    ]
    assert [rounds(asking(take), words()) for take in takers] == [(), (), ()]
