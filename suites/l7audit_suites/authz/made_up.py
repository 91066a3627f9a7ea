"""Ids and names of the same form as others, which nothing has."""

from __future__ import annotations

import random
import string
import uuid

_CHANGED = 12
"""Characters at the end that are drawn anew: what stands before them may say a kind, a version or
a time, which a service looks at before it looks anything up."""

_COUNTED = 9
"""Digits of a number that nobody counts up to."""

_BEYOND = (1_500_000_000, 2_000_000_000)
"""Numbers that hold in 32 bits, as most columns of ids do."""

_LONG = 16
"""Characters of an id that shows enough of its alphabet."""


def like(identifier: str, chance: random.Random) -> str:
    """An id of the same form that nothing has: digits stay digits, and so on.

    A long one has the characters of the given one, since alphabets of ids leave some out
    (Crockford's base 32 has neither I nor O). Beside a small number there are others, so that one
    far beyond them stands for it.
    """
    if identifier.isdecimal() and len(identifier) < _COUNTED and identifier[0] != "0":
        return str(chance.randrange(*_BEYOND))
    kept, changed = identifier[:-_CHANGED], identifier[-_CHANGED:]
    try:
        uuid.UUID(identifier)
    except ValueError:
        made = identifier
        while made == identifier and any(c.isalnum() for c in changed):
            made = kept + "".join(_other(c, identifier, chance) for c in changed)
        return made
    return kept + f"{chance.getrandbits(4 * _CHANGED):0{_CHANGED}x}"


def _other(character: str, identifier: str, chance: random.Random) -> str:
    hexadecimal = set(identifier) <= set(string.hexdigits + "-")
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if character not in alphabet:
            continue
        shown = [c for c in identifier if c in alphabet]
        if len(identifier) >= _LONG and len(set(shown)) > 1:
            return chance.choice(shown)
        letters = hexadecimal and alphabet != string.digits
        return chance.choice(alphabet[:6] if letters else alphabet)
    return character
