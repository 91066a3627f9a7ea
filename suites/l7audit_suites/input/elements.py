"""Markup of ours in a page, judged as a browser would: by whether it became an element. Pure.

A mark that is only repeated proves nothing: in a title, in a text area or in a script it is a text,
and what strips handlers from what it lets stand has done its work.
"""

from __future__ import annotations

from html.parser import HTMLParser

from l7audit.probe.answer import Answer

PAGES = {"text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/xml", ""}
"""Types in which a browser would run a script; none at all leaves it to guess."""

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}

FORMS = ("'\"></title></textarea><b onclick={word}>", "<b onclick={word}>")
"""What gets out of where a text may stand, and what is short and plain enough for most. Nothing is
there that it would call."""

_TEXT_ONLY = {
    "title", "textarea", "script", "style", "iframe", "noembed", "noframes", "noscript", "xmp",
    "plaintext",
}  # fmt: skip


def comes_alive(answer: Answer, word: str) -> bool:
    """Whether an answer is a page in which a handler of ours with that word is an element's."""
    shown = not answer.headers.get("Content-Disposition").lower().startswith("attachment")
    return shown and answer.media_type in PAGES and word in answer.text and _alive(answer, word)


def _alive(answer: Answer, word: str) -> bool:
    reader = _Reader(word)
    reader.feed(answer.text)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    """Looks for a handler with that word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word.lower()
        self._within = ""
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Within what holds nothing but text no tag is one."""
        if self._within:
            return
        self.found = self.found or any(
            name.startswith("on") and (value or "").lower() == self._word for name, value in attrs
        )
        self._within = tag if tag in _TEXT_ONLY else ""

    def handle_endtag(self, tag: str) -> None:
        """The text ends with the element that it is in."""
        if tag == self._within:
            self._within = ""
