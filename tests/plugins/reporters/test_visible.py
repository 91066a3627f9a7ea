from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit_plugins.reporters.visible import MARKS, block, inline, one_line, told


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("\u202e", "U+202E"),
        ("\u2066", "U+2066"),
        ("\u200b", "U+200B"),
        ("\ufeff", "U+FEFF"),
        ("\x1b", "U+001B"),
        ("\x00", "U+0000"),
        ("\x7f", "U+007F"),
        ("\x9b", "U+009B"),
        ("\u2028", "U+2028"),
        ("\U000e0041", "U+E0041"),
        ("\ue000", "U+E000"),
        ("\ud800", "U+D800"),
        ("\u3164", "U+3164"),
        ("\u00ad", "U+00AD"),
    ],
)
def test_what_cannot_be_seen_becomes_a_mark(character: str, code: str) -> None:
    shown = inline(f"a{character}b")
    assert character not in shown
    assert f">{code}</span>" in shown


def test_markup_is_escaped() -> None:
    assert inline("<b a='1' c=\"2\">&amp;") == "&lt;b a=&#39;1&#39; c=&#34;2&#34;&gt;&amp;amp;"


def test_a_block_keeps_its_lines_and_a_line_marks_them() -> None:
    assert block("a\r\nb\tc\nd") == "a\nb\tc\nd"
    assert "U+000A" in inline("a\nb")
    assert "U+0009" in inline("a\tb")
    assert "U+000D" in block("a\rb")


def test_accents_beyond_what_a_language_needs_become_marks() -> None:
    assert inline("e\u0301\u0323\u0302") == "e\u0301\u0323\u0302"
    assert inline("e" + "\u0301" * 50).count("U+0301") == 47


def test_languages_stay_readable() -> None:
    text = "Zażółć gęślą jaźń, שלום, 你好, สวัสดี, 🦉"
    assert inline(text) == text


def test_what_is_too_long_is_cut_and_counted() -> None:
    shown = inline("x" * 1000, 10)
    assert shown.startswith("x" * 10 + "<span")
    assert "… 990 more characters" in shown
    assert "more characters" not in inline("x" * 10, 10)


def test_a_text_of_nothing_but_marks_is_cut_early() -> None:
    shown = block("\u202e" * 4000)
    assert shown.count("U+202E") == MARKS
    assert "… 3,900 more characters" in shown


def test_a_line_break_cannot_pretend_to_be_another_header() -> None:
    assert one_line("a\r\nset-cookie: b") == "a␍␊set-cookie: b"


@given(st.text(st.characters(codec=None), max_size=60))
def test_nothing_hidden_and_no_markup_ever_gets_through(text: str) -> None:
    shown = str(inline(text, 40))
    without_marks = shown.replace('<span class="mark" title="', "").replace('">U+', "")
    without_marks = without_marks.replace('<span class="cut">', "").replace("</span>", "")
    assert "<" not in without_marks
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") for c in shown)
    shown.encode("utf-8")


def test_words_in_backticks_are_code_and_stay_text() -> None:
    assert told("Send `no-store`, not `a\nb`.") == "Send <code>no-store</code>, not `a\nb`."
    hostile = told("`<script>` `\u202e` ``")
    assert hostile.startswith("<code>&lt;script&gt;</code> `<span")
    assert "<script" not in hostile
