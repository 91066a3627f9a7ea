"""Text that a target said, made safe to look at: nothing hidden, nothing without end.

What a reader can't see may still act: a right-to-left override turns a line around, a zero-width
space splits a word, a thousand accents cover the line above. Each becomes a visible mark.
"""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

ACCENTS = 3
"""As many combining marks in a row as any written language needs."""

MARKS = 100
"""The most marks shown of one text; what is all marks tells nobody more by being long."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RUNS = re.compile(r"(?P<plain>[ -~]+)|[^ -~]+")
_CODE = re.compile(r"`([^`<>\n]+)`")
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category, empty to the eye


def inline(text: str, limit: int = 300) -> Markup:
    """Text for one line: line breaks and tabs are marked too. `limit` is in characters."""
    return _marked(text, limit, keep="")


def block(text: str, limit: int = 4096) -> Markup:
    """Text for a block that keeps its lines (CR LF counts as one break) and tabs."""
    return _marked(text.replace("\r\n", "\n"), limit, keep="\n\t")


def told(text: str, limit: int = 4096) -> Markup:
    """A block of a catalogue's prose, in which `words` in backticks are code."""
    # It is escaped by now: what stands between backticks holds no tag.
    return Markup(_CODE.sub(r"<code>\1</code>", str(block(text, limit))))


def hidden(character: str) -> bool:
    """Whether a character acts without being seen: a control, a format mark, a blank letter."""
    return unicodedata.category(character) in _HIDDEN or character in _BLANKS


def one_line(text: str) -> str:
    """Plain text in which line breaks are symbols, so that a value can't pretend to be two."""
    return text.replace("\r", "␍").replace("\n", "␊")


def _marked(text: str, limit: int, keep: str) -> Markup:
    parts: list[str] = []
    accents = marks = shown = 0
    for run in _RUNS.finditer(text, 0, limit):
        if run.lastgroup:  # nearly all there is
            accents = 0
            parts.append(escape(run[0]))
            shown = run.end()
            continue
        for character in run[0]:
            accents = accents + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
            if character not in keep and (hidden(character) or accents > ACCENTS):
                if marks == MARKS:
                    return _joined(parts, len(text) - shown)
                marks += 1
                parts.append(_mark(character))
            else:
                parts.append(escape(character))
            shown += 1
    return _joined(parts, len(text) - shown)


def _joined(parts: list[str], rest: int) -> Markup:
    if rest > 0:
        parts.append(Markup('<span class="cut">… {:,} more characters</span>').format(rest))
    return Markup("".join(parts))


def _mark(character: str) -> Markup:
    code = f"U+{ord(character):04X}"
    # A lone surrogate has no name and could not even be written.
    name = unicodedata.name(character, "control character").lower()
    return Markup('<span class="mark" title="{}">{}</span>').format(name, code)
