"""Texts that fit a regular expression, built from its structure and never by matching it.

A schema's pattern is hostile: matching one may take forever, walking its syntax tree may not.
"""

from __future__ import annotations

import random
import re
import re._parser as syntax  # type: ignore[import-not-found,import-untyped,unused-ignore]
from typing import Any

LONGEST_PATTERN = 300
LONGEST_TEXT = 2000

SHORT = 64
"""The most characters of a text that is matched."""

MOST_REPEATED = 3
"""The most repetitions of a pattern that is matched."""

_SINGLE = {"LITERAL", "NOT_LITERAL", "IN", "ANY"}
_ANY = "abcdefghijklmnopqrstuvwxyz0123456789"
_CLASSES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": _ANY,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "abcdefgh",
    "CATEGORY_NOT_WORD": "-.",
    "CATEGORY_NOT_SPACE": _ANY,
}


def fitting(pattern: str, choice: random.Random, at_least: int = 0) -> str | None:
    """A text for the pattern, with repetitions long enough for `at_least` characters where one of
    them can be; None where the pattern is not understood. Look-arounds are not regarded."""
    if len(pattern) > LONGEST_PATTERN:
        return None
    try:
        tree = syntax.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    try:
        text = _sequence(tree, choice, 0)
        if len(text) < at_least:
            text = _sequence(tree, choice, at_least)
    except (_NotUnderstood, RecursionError):
        return None
    return text


def admits(pattern: str, text: str) -> bool | None:
    """Whether a short text fits a pattern; None where only matching it at any cost could tell.

    What is matched is a row of single characters, few of them repeated: that ends soon.
    """
    if len(pattern) > LONGEST_PATTERN or len(text) > SHORT:
        return None
    try:
        tree = list(syntax.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return None
    repeated = 0
    for operator, argument in tree:
        name = str(operator)
        if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            repeated += 1
            inner = list(argument[2])
            if len(inner) != 1 or str(inner[0][0]) not in _SINGLE:
                return None
        elif name not in _SINGLE | {"AT"}:
            return None
    return bool(re.search(pattern, text)) if repeated <= MOST_REPEATED else None


class _NotUnderstood(Exception):  # noqa: N818 - it is caught within this file
    """The pattern holds something that cannot be built, or grows beyond all bounds."""


def _sequence(tree: Any, choice: random.Random, more: int) -> str:
    text = ""
    for operator, argument in tree:
        piece = _piece(str(operator), argument, choice, more)
        more = max(0, more - len(piece))
        text += piece
        if len(text) > LONGEST_TEXT:
            raise _NotUnderstood
    return text


def _piece(operator: str, argument: Any, choice: random.Random, more: int) -> str:
    if operator == "LITERAL":
        return chr(argument)
    if operator == "NOT_LITERAL":
        return choice.choice([c for c in _ANY if c != chr(argument)])
    if operator == "ANY":
        return choice.choice(_ANY)
    if operator == "IN":
        return _one_of(argument, choice)
    if operator in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        least, most, inner = argument
        count = min(int(most), max(int(least), min(more, LONGEST_TEXT)))
        if count > LONGEST_TEXT:
            raise _NotUnderstood
        pieces = ""
        for _ in range(count):
            pieces += _sequence(inner, choice, 0)
            if len(pieces) > LONGEST_TEXT:
                raise _NotUnderstood
        return pieces
    if operator == "SUBPATTERN":
        return _sequence(argument[3], choice, more)
    if operator == "ATOMIC_GROUP":
        return _sequence(argument, choice, more)
    if operator == "BRANCH":
        return _sequence(choice.choice(argument[1]), choice, more)
    if operator in {"AT", "ASSERT", "ASSERT_NOT"}:
        return ""
    raise _NotUnderstood


def _one_of(members: Any, choice: random.Random) -> str:
    """A character of a class; of a negated one any harmless character that it leaves."""
    negated = False
    taken: set[str] = set()
    for operator, argument in members:
        name = str(operator)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            taken.add(chr(argument))
        elif name == "RANGE":
            low, high = argument
            taken.update(map(chr, range(low, min(high, low + 200) + 1)))
        elif name == "CATEGORY":
            taken.update(_CLASSES.get(str(argument), ""))
    if negated:
        left = [c for c in _ANY + "ABCXYZ-_" if c not in taken]
    else:
        left = [c for c in _ANY if c in taken] or sorted(taken)
    if not left:
        raise _NotUnderstood
    return choice.choice(left)
