from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit.probe.escapes import views

_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


def readings(text: str, *, spaces: bool = True) -> list[str]:
    return [view.read for view in views(text, spaces=spaces)]


@given(_TEXT)
def test_percent_encoding_is_undone(text: str) -> None:
    assert text in readings(quote(text, safe=""))


@given(_TEXT)
def test_json_escapes_are_undone(text: str) -> None:
    assert text in readings(json.dumps(text)[1:-1])


@given(_TEXT, _TEXT, st.text("abc", min_size=1, max_size=5))
def test_a_span_is_where_the_escaped_text_stands(before: str, after: str, needle: str) -> None:
    written = quote(before) + "".join(f"%{ord(c):02x}" for c in needle) + quote(after)
    found = {written[start:end] for view in views(written) for start, end in view.spans(needle)}
    assert "".join(f"%{ord(c):02x}" for c in needle) in found


def test_escapes_of_several_kinds_may_be_mixed() -> None:
    assert "a b/c" in readings("a+b\\u002f%63")


@given(_TEXT)
def test_html_escapes_are_undone(text: str) -> None:
    assert text in readings(html.escape(text))


@pytest.mark.parametrize("text", ["&#115;ecret", "&#x73;&#X65;cret", "&#00115;ecret"])
def test_numbered_html_escapes_are_undone(text: str) -> None:
    assert "secret" in readings(text)
    assert "a secret&" in readings(f"a {text}&amp;")


def test_a_plus_is_a_space_only_where_that_counts() -> None:
    assert "a b" in readings("a+b")
    assert readings("a+b", spaces=False) == ["a+b"]


@pytest.mark.parametrize("text", ["", "plain", "100%", "%zz", "\\x", "\\u12"])
def test_what_is_no_escape_stays(text: str) -> None:
    assert set(readings(text)) == {text}


def test_bytes_that_are_no_utf8_keep_the_places_of_the_rest() -> None:
    (raw, view) = views("%ff%c3%a4secret")
    assert raw.read == "%ff%c3%a4secret"
    assert list(view.spans("äsecret")) == [(3, 15)]
