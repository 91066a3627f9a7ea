from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit_plugins.reporters.plain import block, line, markup


def test_what_cannot_be_seen_is_written_out() -> None:
    assert line("a\u202eb\x00c\ud800") == "a[U+202E]b[U+0000]c[U+D800]"


def test_a_line_stays_one_line_and_a_block_keeps_its_own() -> None:
    assert line("  a\r\nb\tc\n") == "a b c"
    assert block("a\r\nb\tc\rd") == "a\nb\tc[U+000D]d"


def test_what_is_too_long_is_cut_and_counted() -> None:
    assert line("x" * 1200, 5) == "xxxxx… 1,195 more characters"
    assert line("xxxxx", 5) == "xxxxx"


def test_accents_beyond_what_a_language_needs_are_written_out() -> None:
    assert line("e" + "\u0301" * 5).count("[U+0301]") == 2


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("GET /things/{id}", "GET /things/{id}"),
        ("[x](https://e.org)", r"\[x\](https://e.org)"),
        ("<b>&amp;`c`", r"\<b\>\&amp;\`c\`"),
        ("{{ insert: param, a }}", r"\{\{ insert: param, a }}"),
        ("@ann #1 a_b *c*", r"\@ann \#1 a\_b \*c\*"),
    ],
)
def test_markup_reads_as_the_text_does(text: str, written: str) -> None:
    assert markup(text) == written


@given(st.text(st.characters(codec=None), max_size=80))
def test_whatever_is_said_can_be_written_and_hides_nothing(text: str) -> None:
    for shown in (line(text, 40), block(text, 40), markup(text, 40)):
        shown.encode("utf-8")
        categories = {unicodedata.category(c) for c in shown if c not in "\n\t"}
        assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
