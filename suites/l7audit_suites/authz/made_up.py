"""Ids and names of the same form as others, which nothing has."""

from __future__ import annotations

import random
import string
import uuid


def like(identifier: str, chance: random.Random) -> str:
    """An id of the same form that nothing has: digits stay digits, and so on."""
    try:
        uuid.UUID(identifier)
    except ValueError:
        return "".join(_other(c, chance) for c in identifier)
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _other(character: str, chance: random.Random) -> str:
    for alphabet in (string.digits, "abcdef", string.ascii_lowercase, string.ascii_uppercase):
        if character in alphabet:
            return chance.choice(alphabet)
    return character
