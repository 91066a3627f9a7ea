from __future__ import annotations

import base64

import pytest

from l7audit.probe.request import Auth, Request

PLAIN = Request("GET", "/things?a=1", (("X-One", "1"), ("x-one", "2")))


def test_headers_keep_their_order_case_and_repetitions() -> None:
    assert PLAIN.with_header("X-ONE", "3").headers == (
        ("X-One", "1"),
        ("x-one", "2"),
        ("X-ONE", "3"),
    )


def test_setting_a_header_replaces_every_one_of_that_name() -> None:
    assert PLAIN.with_headers({"X-one": "3"}).headers == (("X-one", "3"),)


def test_setting_headers_from_pairs_may_repeat_a_name() -> None:
    changed = PLAIN.with_headers([("X-One", "3"), ("X-One", "4")])
    assert changed.headers == (("X-One", "3"), ("X-One", "4"))


def test_removing_a_header_does_not_look_at_its_case() -> None:
    assert PLAIN.without_header("X-ONE").headers == ()


def test_an_api_key_goes_into_the_header_it_names() -> None:
    assert PLAIN.with_auth(Auth.api_key("X-Shelf", "k")).header("x-shelf") == "k"


def test_an_api_key_may_go_into_the_query_percent_encoded() -> None:
    assert PLAIN.with_auth(Auth.api_key("key", "a b", "query")).path == "/things?a=1&key=a%20b"


def test_a_cookie_is_added_to_those_that_are_there() -> None:
    once = PLAIN.with_auth(Auth.cookie("a", "1"))
    assert once.with_auth(Auth.cookie("b", "2")).header("Cookie") == "a=1; b=2"


def test_basic_credentials_are_base64_of_utf8() -> None:
    auth = Auth.basic("zoë", "pâss")
    assert base64.b64decode(auth.secret).decode() == "zoë:pâss"


def test_another_auth_replaces_the_one_before() -> None:
    request = PLAIN.with_auth(Auth.bearer("one")).with_auth(Auth.bearer("two"))
    assert [v for n, v in request.headers if n == "Authorization"] == ["Bearer two"]


def test_nobody_changes_nothing() -> None:
    assert PLAIN.with_auth(Auth.none()) == PLAIN


def test_a_credential_is_not_shown_by_repr() -> None:
    assert "hunter2" not in repr(Auth.bearer("hunter2"))


@pytest.mark.parametrize(
    "broken",
    [
        {"method": "GE T"},
        {"path": "/a b"},
        {"path": "/ä"},
        {"path": ""},
        {"headers": (("X: y", "1"),)},
        {"headers": (("X", "1\r\nY: 2"),)},
        {"headers": (("X", "1\0"),)},
    ],
)
def test_what_http_cannot_carry_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"HTTP|line break"):
        Request(**{"method": "GET", "path": "/", **broken})  # type: ignore[arg-type]
