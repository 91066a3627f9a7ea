"""Cross-origin rules."""

from __future__ import annotations

import pytest

from l7audit_stack.api.security.cors import Cors

CORS = Cors(origins=frozenset({"https://app.example"}))
PREFLIGHT = {"access-control-request-method": "POST"}
STRANGERS = [
    "null",
    "*",
    "",
    "https://app.example.evil",
    "https://evilapp.example",
    "https://sub.app.example",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example/",
    "https://APP.example",
    "https://app-example",
    "https://app.example, https://evil",
    "https://app.example%60.evil",
]


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_strange_origin_gets_nothing_but_vary(origin: str) -> None:
    assert CORS.for_answer(origin) == [(b"vary", b"Origin")]
    permitted, fields = CORS.for_preflight(origin, PREFLIGHT)
    assert not permitted
    assert [name for name, _ in fields] == [b"vary"]


def test_null_is_refused_even_where_it_is_listed() -> None:
    assert not Cors(origins=frozenset({"null"})).allows("null")


def test_an_answer_without_an_origin_varies_too() -> None:
    assert CORS.for_answer(None) == [(b"vary", b"Origin")]


def test_the_exact_origin_is_granted_with_credentials() -> None:
    fields = dict(CORS.for_answer("https://app.example"))
    assert fields[b"access-control-allow-origin"] == b"https://app.example"
    assert fields[b"access-control-allow-credentials"] == b"true"
    assert fields[b"vary"] == b"Origin"


def test_a_preflight_names_what_is_permitted_and_for_how_long() -> None:
    permitted, fields = CORS.for_preflight(
        "https://app.example", {**PREFLIGHT, "access-control-request-headers": "X-API-Key"}
    )
    named = dict(fields)
    assert permitted
    assert named[b"access-control-max-age"] == b"600"
    assert b"*" not in b"".join(named.values())


@pytest.mark.parametrize(
    "headers",
    [
        {"access-control-request-method": "TRACE"},
        {"access-control-request-method": "post"},
        {**PREFLIGHT, "access-control-request-headers": "x-evil"},
        {**PREFLIGHT, "access-control-request-headers": "content-type, x-forwarded-for"},
    ],
)
def test_a_preflight_for_anything_else_is_refused(headers: dict[str, str]) -> None:
    permitted, fields = CORS.for_preflight("https://app.example", headers)
    assert not permitted
    assert [name for name, _ in fields] == [b"vary"]
