"""Texts that would begin a record of their own in a log, and whether one did. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

BREAKS: Mapping[str, str] = {
    "line feed": "\n",
    "carriage return": "\r",
    "both": "\r\n",
    "escape": "\x1b",
}
"""Characters that end a line of a log, or steer the terminal on which it is read."""

_BREAKING = rb"[\n\r\x1b]"


def forged(mark: str) -> dict[str, str]:
    """Texts by the character that is in them; what stands behind it is a record to its reader."""
    return {name: f"lq{character}{mark} INFO forged" for name, character in BREAKS.items()}


def begins(written: bytes, mark: str) -> bool:
    """Whether a text with this mark begins a line of a log, or stands behind an escape.

    A mark within a line, with its breaks encoded, is a log's good right.
    """
    return re.search(_BREAKING + re.escape(mark.encode()), written) is not None
