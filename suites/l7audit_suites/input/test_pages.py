"""Pages of an API that else speaks JSON: what people write stays a text there, too."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_suites.input.elements import comes_alive
from l7audit_suites.input.shown_pages import pages, shown_pages


@pytest.mark.control("INPUT-25")
def test_what_is_written_is_a_text_in_the_pages_that_show_it(check: Check) -> None:
    found = pages(check.model)
    if not found:
        check.not_applicable("The target's document has no page that may show what people write.")
    looked = 0
    for shown in shown_pages(check, found):
        for mark in shown.written:
            alive = comes_alive(shown.answer, mark.word)
            looked += mark.word in shown.answer.text
            check.expect(
                not alive,
                shown.page.place(),
                "Markup that was written into a text is an element of a page that shows it.",
                mark.answer,
                shown.answer,
                expected="the text, escaped for where it stands",
                seen=f"an element with a handler, as {mark.by.operation.place} was given it",
            )
    if not looked:
        check.not_applicable("No page shows anything that could be written.")
