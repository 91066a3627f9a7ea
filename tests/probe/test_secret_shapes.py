from __future__ import annotations

import pytest

from l7audit.probe.redact import Redactor

REDACTOR = Redactor()
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Authorization", f"Bearer {JWT}", "Bearer [redacted:bearer:"),
        ("authorization", "Basic dXNlcjpwYXNz", "Basic [redacted:basic:"),
        ("Proxy-Authorization", "Custom abc def", "Custom [redacted:credential:"),
        ("Authorization", "bare-key-value", "[redacted:credential:"),
        ("X-API-Key", "abc123", "[redacted:api key:"),
        ("X-Shelf-Access", "abc123", "[redacted:"),
        ("X-Auth-Token", "abc123", "[redacted:"),
        ("X-CSRF-Token", "abc123", "[redacted:"),
        ("Cookie", "sid=abc123; theme=dark456", "sid=[redacted:cookie:"),
        ("Set-Cookie", "sid=abc123; Path=/; HttpOnly", "sid=[redacted:cookie:"),
    ],
)
def test_a_credential_header_is_redacted_whoever_s_it_is(name: str, value: str, kept: str) -> None:
    shown = REDACTOR.header(name, value)
    assert shown.startswith(kept)
    for secret in (JWT, "dXNlcjpwYXNz", "abc", "bare-key-value", "dark456"):
        assert secret not in shown


def test_a_cookie_s_attributes_stay_readable() -> None:
    shown = REDACTOR.header("Set-Cookie", "sid=abc123; Path=/; Max-Age=60; SameSite=Lax")
    assert shown.endswith("; Path=/; Max-Age=60; SameSite=Lax")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WWW-Authenticate", 'Bearer realm="x"'),
        ("Access-Control-Allow-Headers", "authorization, x-api-key"),
        ("Access-Control-Request-Headers", "authorization"),
        ("RateLimit-Policy", '"token";q=100;w=60'),
        ("X-Frame-Options", "DENY"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("Strict-Transport-Security", "max-age=63072000"),
        ("Vary", "Origin, Authorization"),
    ],
)
def test_a_header_that_is_evidence_stays_as_it_is(name: str, value: str) -> None:
    assert REDACTOR.header(name, value) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "abc123xyz"}',
        '{"accessToken":"abc123xyz"}',
        '{"client_secret" : "abc123xyz"}',
        '{"nested": {"api-key": "abc123xyz"}}',
        '{"pass":"abc123xyz"}',
        '{"inner": "{\\"token\\": \\"abc123xyz\\"}"}',
        '{"key": "abc123xyzabc123xyzabc123xyz"}',
        '{"token": "abc123xyz',
        "grant_type=password&password=abc123xyz&x=1",
        "/cb?access_token=abc123xyz",
        "client_secret=abc123xyz",
        "Bearer abc123xyz",
        f"token {JWT}abc123xyz here",
        "-----BEGIN PRIVATE KEY-----\nabc123xyz\n-----END PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nabc123xyz",
    ],
)
def test_what_looks_like_a_secret_is_redacted_in_any_text(text: str) -> None:
    assert "abc123xyz" not in REDACTOR.text(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"token_type": "Bearer", "expires_in": 600}',
        '{"max_tokens": 5, "tokens": 12}',
        '{"key": "colour"}',
        '{"error": "invalid_token", "detail": "The key is wrong."}',
        "/things?page=2&sort=name",
        "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----",
        "hey, every eye",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert REDACTOR.text(text) == text
