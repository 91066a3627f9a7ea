"""PostgreSQL's WAL by its segments: files of one size whose names count on.

A name has 24 hexadecimal digits: the timeline, then the number in two halves. Places in the WAL
(LSN) are written as `0/1A2B3C4D`, 32 bits before and after the slash. All of this is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NAME = re.compile(r"[0-9A-F]{24}")
_HALF = 1 << 32


def position(lsn: str) -> int:
    """The bytes from the WAL's beginning. Errors: `ValueError`."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def written(position: int) -> str:
    """The opposite of `position`."""
    return f"{position >> 32:X}/{position & (_HALF - 1):X}"


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of one timeline. `size` in bytes."""

    timeline: int
    size: int

    @classmethod
    def like(cls, name: str, size: int) -> Segments:
        """Those that a file of that name and size is one of."""
        return cls(int(name[:8], 16), size)

    def name(self, number: int) -> str:
        """The file of the `number`-th one."""
        high, low = divmod(number, _HALF // self.size)
        return f"{self.timeline:08X}{high:08X}{low:08X}"

    def number(self, name: str) -> int:
        """The opposite of `name`."""
        return int(name[8:16], 16) * (_HALF // self.size) + int(name[16:], 16)

    def start(self, name: str) -> int:
        """The position of a segment's first byte."""
        return self.number(name) * self.size

    def between(self, start: int, end: int) -> Iterator[str]:
        """The names of those that begin after the byte before `start` and before `end`: what
        follows a backup that holds all up to `start`, whose last segment it holds whole."""
        first = -(-start // self.size)
        return map(self.name, range(first, -(-end // self.size)))
