"""Text that a target said, made safe to look at: nothing hidden, nothing without end.

What a reader can't see may still act: a right-to-left override turns a line around, a zero-width
space splits a word, a thousand accents cover the line above. Each becomes a visible mark.
"""

from __future__ import annotations

import unicodedata
from itertools import islice

from markupsafe import Markup, escape

ACCENTS = 3
"""As many combining marks in a row as any written language needs."""

MARKS = 100
"""The most marks shown of one text; what is all marks tells nobody more by being long."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category, empty to the eye


def inline(text: str, limit: int = 300) -> Markup:
    """Text for one line: line breaks and tabs are marked too. `limit` is in characters."""
    return _marked(text, limit, keep="")


def block(text: str, limit: int = 4096) -> Markup:
    """Text for a block that keeps its lines (CR LF counts as one break) and tabs."""
    return _marked(text.replace("\r\n", "\n"), limit, keep="\n\t")


def hidden(character: str) -> bool:
    """Whether a character acts without being seen: a control, a format mark, a blank letter."""
    return unicodedata.category(character) in _HIDDEN or character in _BLANKS


def one_line(text: str) -> str:
    """Plain text in which line breaks are symbols, so that a value can't pretend to be two."""
    return text.replace("\r", "␍").replace("\n", "␊")


def _marked(text: str, limit: int, keep: str) -> Markup:
    parts: list[str] = []
    plain: list[str] = []
    accents = marks = shown = 0
    for character in islice(text, limit):
        category = unicodedata.category(character)
        accents = accents + 1 if category in ("Mn", "Me") else 0
        if (hidden(character) or accents > ACCENTS) and character not in keep:
            if marks == MARKS:
                break
            marks += 1
            parts += (escape("".join(plain)), _mark(character))
            plain.clear()
        else:
            plain.append(character)
        shown += 1
    parts.append(escape("".join(plain)))
    if len(text) > shown:
        rest = Markup('<span class="cut">… {:,} more characters</span>')
        parts.append(rest.format(len(text) - shown))
    return Markup("").join(parts)


def _mark(character: str) -> Markup:
    code = f"U+{ord(character):04X}"
    # A lone surrogate has no name and could not even be written.
    name = unicodedata.name(character, "control character").lower()
    return Markup('<span class="mark" title="{}">{}</span>').format(name, code)
