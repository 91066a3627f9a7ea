"""Names as words: what an operation or a field means is told by whole words in any style."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_PIECES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SAME_IN_BOTH_NUMBERS = {"status", "address", "access", "alias", "pass", "jwks", "series", "news"}

Words = tuple[str, ...]


@lru_cache(maxsize=4096)
def words(name: str) -> Words:
    """The words of a name in singular: `accessTokens`, `access_token`, `Access-Token` alike."""
    return tuple(_singular(piece.lower()) for piece in _PIECES.findall(name[:2000]))


def _singular(word: str) -> str:
    if len(word) < 4 or word in _SAME_IN_BOTH_NUMBERS or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "shes", "ches")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]


def plural(name: str) -> bool:
    """Whether the last word of a name is of several: `shelves`, `seatCount` not."""
    pieces = _PIECES.findall(name[:2000])
    return bool(pieces) and _singular(pieces[-1].lower()) != pieces[-1].lower()


def says(text: Sequence[str], *phrases: str) -> bool:
    """Whether the words hold one of the phrases, as neighbours and in order.

    `api key` finds `api_key`, `apiKeys` and `x-api-key`, but not `keyApi`.
    """
    return _says(tuple(text), phrases)


@lru_cache(maxsize=65_536)
def _says(text: Words, phrases: tuple[str, ...]) -> bool:
    return any(_within(phrase, text) for phrase in phrases)


def _within(phrase: str, text: Words) -> bool:
    if " " not in phrase:
        return phrase in text
    sought = tuple(phrase.split())
    size = len(sought)
    return any(text[at : at + size] == sought for at in range(len(text) - size + 1))


def all_words(names: Iterable[str]) -> Words:
    """The words of several names, in order, with a mark between names so that no phrase spans
    two of them."""
    found: list[str] = []
    for name in names:
        found += [*words(name), "|"]
    return tuple(found)
