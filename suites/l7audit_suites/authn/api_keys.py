"""API keys that are nearly right: to be refused."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

from l7audit_suites.authn.forgeries import Forgery


def altered(key: str, chance: random.Random) -> Iterator[Forgery]:
    """Keys made of a real one, and an invented one of the same shape.

    The last character alone is never changed: in base64 it may carry unused bits. Case is changed
    only where a key mixes cases, since a hexadecimal key means the same in both.
    """
    yield from (f for f in _attempts(key, chance) if f.text and f.text != key)


def _attempts(key: str, chance: random.Random) -> Iterator[Forgery]:
    half = len(key) // 2
    yield Forgery("an invented key of the same shape", _like(key, chance))
    yield Forgery("the right beginning", key[:half] + _like(key[half:], chance))
    yield Forgery("the right end", _like(key[:half], chance) + key[half:])
    yield Forgery("one character changed", _one_changed(key, chance))
    yield Forgery("four characters too few", key[:-4])
    yield Forgery("four characters too many", key + _like(key[-4:], chance))
    if any(c.islower() for c in key) and any(c.isupper() for c in key):
        yield Forgery("upper and lower case swapped", key.swapcase())
    yield Forgery("a wildcard", "*")
    yield Forgery("a SQL condition", "' OR '1'='1")
    yield Forgery("a number", "0")
    yield Forgery("the word null", "null")


def _like(text: str, chance: random.Random) -> str:
    """A text of the same length and classes of characters, different wherever it can be."""
    return "".join(_other(c, chance) for c in text)


def _one_changed(key: str, chance: random.Random) -> str:
    """The key with one letter or digit of its second half (never the last) replaced."""
    spots = [i for i in range(len(key) // 2, len(key) - 2) if key[i].isalnum()]
    if not spots:
        return key[:-1] + ("a" if key[-1:] != "a" else "b")
    at = chance.choice(spots)
    return key[:at] + _other(key[at], chance) + key[at + 1 :]


def _other(character: str, chance: random.Random) -> str:
    """Another character of the same class; hexadecimal ones stay hexadecimal."""
    for alphabet in (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase):
        if character in alphabet:
            return chance.choice(alphabet.replace(character, ""))
    if character in string.ascii_uppercase:
        return chance.choice(string.ascii_uppercase.replace(character, ""))
    return character
