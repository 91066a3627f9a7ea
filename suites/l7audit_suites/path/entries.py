"""What an archive is made of: files and links, by names that nobody looked at. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MUCH = 16 * 1024 * 1024
"""Bytes that an archive comes to; folded up they are less than a hundredth of that."""

MANY = 64
LIE = "a size that is a lie"
HOLE = "a hole in a file"
MUCH_NAME = "l7audit-much.txt"


class Leads(Enum):
    """What an entry is, where it is no file."""

    SYMBOLIC = "link"
    HARD = "hard link"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file with a text in it or, where it `leads` somewhere, a link to `target`."""

    name: str
    text: str = ""
    leads: Leads | None = None
    target: str = ""


def much() -> tuple[list[Entry], list[Entry]]:
    """The same much, in one file and in many."""
    text = "0" * MUCH
    one = [Entry(MUCH_NAME, text)]
    return one, [Entry(f"l7audit-much-{n}.txt", text[: MUCH // MANY]) for n in range(MANY)]
