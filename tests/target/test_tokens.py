from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from l7audit.probe.answer import Answer
from l7audit.target.tokens import claims, is_jwt, session_cookie, token_in

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIiwiZXhwIjoxMjN9.c2lnbmF0dXJl"
OPAQUE = "opaque-token-value"

Says = Callable[..., Answer]


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": OPAQUE, "token_type": "Bearer", "expires_in": 600},
        {"accessToken": OPAQUE, "refreshToken": "refresh-token-value"},
        {"jwt": OPAQUE},
        {"data": {"session": {"authToken": OPAQUE}}},
        {"id_token": JWT, "access_token": OPAQUE},
        {"token": "Bearer " + OPAQUE},
        [{"token": OPAQUE}],
        {"csrfToken": "csrf-token-value", "session_key": OPAQUE},
        {"nextPageToken": "page-token-value", "token": OPAQUE},
        {"user": {"name": "alice-the-first"}, "token": OPAQUE},
    ],
)
def test_a_token_is_found_by_what_its_name_means(answer: Says, body: Any) -> None:
    assert token_in(answer(200, body)) == OPAQUE


@pytest.mark.parametrize("body", [{"result": JWT}, {"a": [{"b": JWT}]}, JWT])
def test_a_jwt_is_known_under_any_name(answer: Says, body: Any) -> None:
    assert token_in(answer(200, body)) == JWT


def test_of_two_the_jwt_is_the_token(answer: Says) -> None:
    assert token_in(answer(200, {"session_token": OPAQUE, "auth_ticket": JWT})) == JWT


def test_a_token_may_come_in_a_header(answer: Says) -> None:
    assert token_in(answer(204, None, ("Authorization", f"Bearer {JWT}"))) == JWT
    assert token_in(answer(200, {}, ("X-Auth-Token", OPAQUE))) == OPAQUE


def test_the_profile_s_word_counts(answer: Says) -> None:
    body = {"access_token": "not-this-one", "data": {"secret": OPAQUE}}
    assert token_in(answer(200, body), "data.secret") == OPAQUE
    assert token_in(answer(200, body), "data.other") == ""


@pytest.mark.parametrize(
    "body",
    [
        None, {}, [], 3, {"token": 5}, {"token": "short"}, {"refresh_token": OPAQUE},
        {"token": "has a space in it"}, {"message": "you have no token here"},
        {"token_count": "12345678"},
    ],
)  # fmt: skip
def test_where_there_is_no_token_none_is_found(answer: Says, body: Any) -> None:
    assert token_in(answer(200, body)) == ""


def test_only_a_signed_compact_token_with_a_header_is_a_jwt() -> None:
    assert is_jwt(JWT)
    assert not is_jwt("a.b.c")
    assert not is_jwt("aaaa.bbbb.cccc")
    assert not is_jwt(OPAQUE)


def test_claims_are_read_without_being_trusted() -> None:
    assert claims(JWT) == {"sub": "a", "exp": 123}
    assert claims(OPAQUE) == {}


def test_the_session_cookie_goes_before_others(answer: Says) -> None:
    cookies = [
        ("Set-Cookie", "theme=dark"),
        ("Set-Cookie", "csrf_token=x; HttpOnly"),
        ("Set-Cookie", "opaque=1; httponly"),
        ("Set-Cookie", "SESSIONID=abc; Path=/"),
    ]
    assert session_cookie(answer(200, {}, *cookies)) == ("SESSIONID", "abc")
    assert session_cookie(answer(200, {}, *cookies[:3])) == ("opaque", "1")
    assert session_cookie(answer(200, {}, *cookies[:2])) is None
