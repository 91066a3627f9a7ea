"""The forms in which a secret may stand in a text, once the text's escapes are undone."""

from __future__ import annotations

import base64
from dataclasses import dataclass

SHORTEST_FOLDED = 8
"""Characters; a shorter secret in another case may well be an ordinary word."""


@dataclass(frozen=True, slots=True)
class Forms:
    """A secret's forms: `needles` are the texts to look for, `tag` takes their place."""

    secret: str
    tag: str
    needles: tuple[str, ...]

    @classmethod
    def of(cls, secret: str, tag: str) -> Forms:
        """The forms of one secret: itself, and what base64, hex and a change of case make of it,
        the longest first."""
        data = secret.encode("utf-8", "surrogatepass")
        others = {core for shift in range(3) for core in _base64_cores(data, shift)}
        if len(secret) >= SHORTEST_FOLDED:
            others |= {secret.lower(), secret.upper(), data.hex(), data.hex().upper()}
        return cls(secret, tag, (secret, *sorted(others - {secret}, key=len, reverse=True)))


def _base64_cores(data: bytes, shift: int) -> set[str]:
    """What base64 makes of the secret, wherever it begins within a longer text.

    Its first byte falls on one of three places of a group; the characters that its neighbours
    have a part in are left out. Both alphabets.
    """
    skipped = (0, 2, 3)[shift]
    whole = (len(data) + shift) * 8 // 6
    found = set()
    for altchars in (b"+/", b"-_"):
        text = base64.b64encode(b"\0" * shift + data, altchars).decode()
        core = text[skipped:whole]
        if len(core) >= 4:
            found.add(core)
    return found
