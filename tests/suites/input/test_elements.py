"""Markup of ours in a page: what a browser would make an element of."""

from __future__ import annotations

from html import escape

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.input.elements import FORMS, comes_alive

WORD = "lqbcdfghjk"
LONG, SHORT = (form.format(word=WORD) for form in FORMS)


def page(text: str, media: str = "text/html; charset=utf-8", **more: str) -> Answer:
    fields = {"Content-Type": media, **{k.replace("_", "-"): v for k, v in more.items()}}
    return Answer(Request("GET", "/"), 200, Headers(fields.items()), text.encode())


@pytest.mark.parametrize(
    "text",
    [
        f"<p>{SHORT}</p>",
        f"<title>{LONG}</title>",
        f"<textarea>{LONG}</textarea>",
        f'<input value="{LONG}">',
        f"<input value='{LONG}'>",
        f'{{"note": "{SHORT}"}}',
        f"<script>let a = 1</script>{SHORT}",
    ],
)
def test_what_stands_unescaped_becomes_an_element(text: str) -> None:
    assert comes_alive(page(text), WORD)


@pytest.mark.parametrize(
    "text",
    [
        f"<p>{escape(LONG)}</p>",
        f"<title>{SHORT}</title><p>{escape(SHORT)}</p>",
        f"<script>let note = '{SHORT}'</script>",
        f"<textarea>{SHORT}</textarea>",
        f'<input value="{SHORT}">',
        f"<!-- {SHORT} -->",
        f"<p><b>{WORD}</b></p>",  # stripped of its handler
        "<b onclick=another>",
    ],
)
def test_what_stays_a_text_does_not(text: str) -> None:
    assert not comes_alive(page(text), WORD)


def test_only_what_a_browser_shows_as_a_page_is_one() -> None:
    assert comes_alive(page(SHORT, ""), WORD)
    assert not comes_alive(page(SHORT, "application/json"), WORD)
    assert not comes_alive(page(SHORT, Content_Disposition="attachment; filename=a.html"), WORD)
