"""Text that a target said, as plain text for other programs: nothing hidden, nothing without end.

A program passes on what it is given: to a terminal, a page, a spreadsheet. So what can't be seen
is written out (`[U+202E]`), a line stays one line, and what is too long is cut and says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from l7audit_plugins.reporters.visible import ACCENTS, hidden

_MARKUP = re.compile(r"[\\`*_\[\]<>&~|!#$@]|\{(?=\{)|(?<=\{)\{")


def line(text: str, limit: int = 1000) -> str:
    """One line without surrounding blanks. `limit` is in characters of the original."""
    return " ".join(block(text, limit).split())


def block(text: str, limit: int = 4000) -> str:
    """Text that keeps its line breaks (as `\\n`) and tabs, and of no other character hides any."""
    if text.isascii() and text.isprintable():  # nearly always, and ten times as fast
        shown = text[:limit]
    else:
        shown = "".join(_written(text.replace("\r\n", "\n"), limit))
    more = len(text) - limit
    return f"{shown}… {more:,} more characters" if more > 0 else shown


def markup(text: str, limit: int = 1000) -> str:
    """One line of Markdown that reads as the text does: no link, element, mention or template."""
    return _MARKUP.sub(r"\\\g<0>", line(text, limit))


def _written(text: str, limit: int) -> Iterator[str]:
    accents = 0
    for character in islice(text, limit):
        accents = accents + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if (hidden(character) or accents > ACCENTS) and character not in "\n\t":
            yield f"[U+{ord(character):04X}]"
        else:
            yield character
