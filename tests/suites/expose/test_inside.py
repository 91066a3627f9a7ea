"""Errors that tell of the inside, in the words of many languages; and texts that only sound so."""

from __future__ import annotations

import pytest

from l7audit_suites.expose.inside import inside

TRACES = {
    "python": 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in f',
    "java": "java.lang.IllegalStateException: x\n\tat com.acme.Shop.find(Shop.java:42)",
    "dotnet": "   at Acme.Shop.Find(String id) in C:\\src\\Shop.cs:line 42",
    "node": "Error: x\n    at find (/srv/app/shop.js:12:7)",
    "go": "goroutine 17 [running]:\nmain.find()",
    "php": "Stack trace:\n#0 /var/www/shop.php(12): find()",
    "ruby": "/srv/app/shop.rb:12:in `find'",
    "rust": "thread 'main' panicked at src/main.rs:3:5",
}
STATEMENTS = {
    "select": "SELECT id, name FROM users WHERE id = 'x'",
    "insert": 'INSERT INTO "users" (id, name) VALUES',
    "asyncpg": "asyncpg.exceptions._base.DataError: invalid input",
    "sqlstate": "SQLSTATE[42601]: Syntax error",
    "oracle": "ORA-00933: SQL command not properly ended",
    "mysql": "You have an error in your SQL syntax; check the manual",
}


@pytest.mark.parametrize("name", TRACES)
def test_a_stack_trace_is_known_in_each_language(name: str) -> None:
    assert inside(TRACES[name]) == "a stack trace"


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_and_a_driver_s_error_are_known(name: str) -> None:
    assert inside(STATEMENTS[name]) == "a statement or an error of the database"


def test_pages_for_developers_and_paths_of_source_files_are_known() -> None:
    assert inside("<title>Starlette Debugger</title>") == "a page for developers"
    assert inside("cannot open /opt/shop/app/models/user.py now") == "the path of a source file"
    assert inside(r"in C:\inetpub\shop\user.aspx now") == "the path of a source file"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Select a plan from the list.",
        "There is no such operation.",
        'The search has a syntax. ERROR: syntax error at or near "\'" at character 1.',
        "The member at /items/0/name does not fit.",
        "See https://example.org/docs/errors.php for more.",
        "Update your settings and try again.",
        "Expected `str`, got `int` - at `$.name`",
    ],
)
def test_sentences_that_only_sound_like_it_are_let_be(text: str) -> None:
    assert inside(text) == ""


def test_what_the_caller_sent_himself_tells_nothing() -> None:
    own = TRACES["python"]
    assert inside(f"There is no agent called {own}.", [own]) == ""
    assert inside(f"There is no agent called {own}. {TRACES['go']}", [own]) == "a stack trace"
