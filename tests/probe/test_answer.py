from __future__ import annotations

import pytest

from l7audit.probe.answer import MAX_DEPTH, Answer, Headers, RefusalStyle
from l7audit.probe.request import Request

REQUEST = Request("GET", "/")


def answer(status: int | None = 200, body: bytes = b"", **more: object) -> Answer:
    return Answer(REQUEST, status, body=body, **more)  # type: ignore[arg-type]


def test_headers_are_found_whatever_their_case_and_keep_repetitions() -> None:
    headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2")])
    assert headers.get("SET-COOKIE") == "a=1"
    assert headers.get_all("Set-cookie") == ["a=1", "b=2"]
    assert "sEt-cookie" in headers


def test_a_list_field_is_joined_over_its_lines() -> None:
    headers = Headers([("Vary", "Origin, Accept"), ("vary", " Cookie ,")])
    assert headers.values_of("Vary") == ["Origin", "Accept", "Cookie"]


def test_an_absent_header_is_an_empty_text() -> None:
    assert Headers().get("X") == ""


def test_only_2xx_is_ok() -> None:
    assert [answer(s).ok for s in (199, 200, 204, 299, 300, 401, None)] == [
        False, True, True, True, False, False, False,
    ]  # fmt: skip


def test_401_and_403_are_refusals() -> None:
    assert [answer(s).refused for s in (200, 401, 403, 404, 429, None)] == [
        False, True, True, False, False, False,
    ]  # fmt: skip


def test_a_target_may_refuse_in_its_own_way() -> None:
    style = RefusalStyle.from_hints({"refusal": {"status": [404], "body": "go away"}})
    assert answer(404, style=style).refused
    assert not answer(401, style=style).refused
    polite = answer(200, b"please go away", style=style)
    assert polite.refused
    assert not polite.ok


@pytest.mark.parametrize("hint", [None, "no", {"status": "x"}, {"status": []}, {"status": ["a"]}])
def test_a_malformed_refusal_hint_keeps_the_default(hint: object) -> None:
    assert RefusalStyle.from_hints({"refusal": hint}).statuses == {401, 403}


def test_json_is_read() -> None:
    assert answer(body=b'{"a": [1]}').json() == {"a": [1]}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"<html>", b"[" * 5000 + b"]" * 5000, b'"\\ud800"x']
)
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        answer(body=body).json()
    assert answer(body=body).json_or_none() is None


def test_json_nested_too_deep_is_a_value_error() -> None:
    deep = b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2)
    with pytest.raises(ValueError, match="nests"):
        answer(body=deep).json()


def test_a_cut_answer_is_no_json() -> None:
    with pytest.raises(ValueError, match="longer"):
        answer(body=b"{}", truncated=True).json()


def test_text_that_is_no_utf8_is_shown_with_replacements() -> None:
    assert answer(body=b"a\xff").text == "a\ufffd"


def test_the_media_type_comes_without_parameters() -> None:
    told = Headers([("Content-Type", "Application/JSON; charset=utf-8")])
    assert answer(headers=told).media_type == "application/json"


def test_milliseconds_lie_between_start_and_end() -> None:
    assert answer(started=1.0, ended=1.25).milliseconds == 250.0
