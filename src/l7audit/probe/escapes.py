"""A text as those read it who undo its escapes, and where each part of that stands in the text."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

_PERCENT = r"(?:%[0-9a-fA-F]{2})+"
_JSON = (
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\[\"\\/bfnrt]"
)
_HTML = r"&(?:amp|lt|gt|quot|apos|\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6});"
_NEVER = r"(?!)"


_WIDTH = 3
_HEX = frozenset("0123456789abcdefABCDEF")


def swallowable(needle: str) -> Iterator[int]:
    """How many of a needle's first characters may be read as an escape, if a sign stands before."""
    for count in (1, 2):
        if len(needle) <= count or needle[count - 1] not in _HEX:
            return
        yield count


@dataclass(frozen=True)
class View:
    """One reading of a text: `escape` matches what is undone."""

    text: str
    escape: re.Pattern[str]

    @cached_property
    def read(self) -> str:
        """The text with the escapes undone."""
        if self.escape is _RAW:
            return self.text
        return self.escape.sub(_plain, self.text)

    def spans(self, needle: str) -> Iterator[tuple[int, int]]:
        """Where in the original text the needle stands, from left to right."""
        at = self.read.find(needle)
        while at >= 0:
            yield self._starts[at], self._starts[at + len(needle)]
            at = self.read.find(needle, at + len(needle))
        for count in swallowable(needle):
            yield from self._behind_a_sign(needle[:count], needle[count:])

    def _behind_a_sign(self, head: str, rest: str) -> Iterator[tuple[int, int]]:
        """Where a percent sign before the needle was read as an escape with its first digits."""
        at = self.read.find(rest)
        while at >= 0:
            start = self._starts[at]
            sign = start >= _WIDTH and self.text[start - _WIDTH] == "%"
            if sign and self.text[start - len(head) : start] == head:
                yield start - len(head), self._starts[at + len(rest)]
            at = self.read.find(rest, at + 1)

    @cached_property
    def _starts(self) -> list[int]:
        """For each character of `read`, and for its end, where it begins in the text."""
        starts: list[int] = []
        done = 0
        for match in self.escape.finditer(self.text):
            starts += range(done, match.start())
            done = match.start()
            for _, width in _undone(match.group()):
                starts.append(done)
                done += width
        return [*starts, *range(done, len(self.text) + 1)]


def _undone(escape: str) -> Iterator[tuple[str, int]]:
    """The characters that an escape, or a run of percent-encoded bytes, stands for; with widths."""
    if escape == "+":
        yield " ", 1
    elif escape.startswith("&"):
        yield html.unescape(escape), len(escape)
    elif escape.startswith("%"):
        data = bytes.fromhex(escape.replace("%", ""))
        for character in data.decode("utf-8", "surrogateescape"):
            yield character, 3 * len(character.encode("utf-8", "surrogateescape"))
    else:
        yield json.loads(f'"{escape}"'), len(escape)


def _pattern(*kinds: str) -> re.Pattern[str]:
    return re.compile("|".join(kinds) or _NEVER)


_RAW = _pattern()
_KINDS = {"%": _PERCENT, "\\": _JSON, "&": _HTML, "+": r"\+"}
_READINGS = {
    "".join(marks): tuple(
        _pattern(*(_KINDS[mark] for mark in undone))
        for size in range(1, len(marks) + 1)
        for undone in combinations(marks, size)
    )
    for count in range(len(_KINDS) + 1)
    for marks in combinations(_KINDS, count)
}


def views(text: str, *, spaces: bool = True) -> Iterator[View]:
    """Every reading of a text that may differ from the others, the plain one first.

    `spaces` counts those in which a plus sign is a space.
    """
    yield View(text, _RAW)
    marks = "".join(mark for mark in _KINDS if mark in text and (spaces or mark != "+"))
    if ";" not in text:  # an ampersand alone only parts the fields of a query
        marks = marks.replace("&", "")
    for escape in _READINGS[marks]:
        if escape.search(text):
            yield View(text, escape)


def _plain(match: re.Match[str]) -> str:
    return "".join(character for character, _ in _undone(match.group()))
