"""Set-Cookie."""

from __future__ import annotations

import pytest

from l7audit_suites.head.cookies import Cookie, faults, parse, secured


def cookie(text: str) -> Cookie:
    found = parse(text)
    assert found is not None
    return found


def test_a_cookie_is_read_as_browsers_do() -> None:
    found = cookie('sid = "a=b" ; Path=/; SECURE; samesite=Lax; Path=/x')
    assert (found.name, found.value) == ("sid", "a=b")
    assert found.attributes == {"path": "/x", "secure": "", "samesite": "Lax"}


def test_a_field_without_anything_is_no_cookie() -> None:
    assert parse(" ; Secure") is None


@pytest.mark.parametrize(
    "name",
    [
        "session",
        "JSESSIONID",
        "connect.sid",
        "ASP.NET_SessionId",
        "__Host-session",
        "access_token",
        "accessToken",
        "auth-jwt",
        "remember_me",
    ],
)
def test_a_session_cookie_is_known_by_its_name(name: str) -> None:
    assert cookie(f"{name}=x").for_session


def test_a_session_cookie_is_known_by_its_value() -> None:
    assert cookie("k=f3a9c8e7b6d5a4f3e2d1c0b9a8f7e6d5").for_session


@pytest.mark.parametrize(
    "text",
    [
        "locale=en-GB",
        "theme=dark",
        "csrftoken=f3a9c8e7b6d5a4f3e2d1c0b9a8f7e6d5",
        "XSRF-TOKEN=f3a9c8e7b6d5a4f3e2d1c0b9a8f7e6d5",
        "consent=all",
        "seen=1",
    ],
)
def test_other_cookies_are_no_sessions(text: str) -> None:
    assert not cookie(text).for_session


@pytest.mark.parametrize("text", ["sid=; Path=/", "sid=x; Max-Age=0", "sid=x; Max-Age=-5"])
def test_taking_a_cookie_away_is_known(text: str) -> None:
    assert cookie(text).removed


@pytest.mark.parametrize(
    "text",
    [
        "__Host-sid=x; Secure; HttpOnly; SameSite=Strict; Path=/",
        "sid=x; path=/; httponly; secure; samesite=lax",
        "__Secure-sid=x; Secure; HttpOnly; SameSite=Lax; Path=/api",
    ],
)
def test_a_protected_session_cookie_is_sound(text: str) -> None:
    assert faults(cookie(text)) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sid=x; HttpOnly; SameSite=Lax", "Secure"),
        ("sid=x; Secure; SameSite=Lax", "HttpOnly"),
        ("sid=x; Secure; HttpOnly", "SameSite"),
        ("sid=x; Secure; HttpOnly; SameSite=None", "SameSite=none"),
        ("__Host-sid=x; Secure; HttpOnly; SameSite=Lax", "__Host-"),
        ("__Host-sid=x; Secure; HttpOnly; SameSite=Lax; Path=/; Domain=a.example", "__Host-"),
        ("sid=x; Secure; HttpOnly; SameSite=Lax; Domain=a.example", "sub-domain"),
    ],
)
def test_what_a_session_cookie_lacks_is_said(text: str, word: str) -> None:
    found = faults(cookie(text))
    assert len(found) == 1
    assert word in found[0]


def test_what_lacks_nothing_but_a_secure_connection_has_no_fault_where_there_is_one() -> None:
    plain = cookie("sid=x; HttpOnly; SameSite=Lax; Path=/")
    assert len(faults(plain)) == 1
    assert faults(secured(plain)) == []
    assert faults(secured(cookie("sid=x; SameSite=Lax; Path=/")))
