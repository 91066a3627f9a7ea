"""Whether codes can be told from one another: counted up, or made of the time. Pure."""

from __future__ import annotations

import base64
import itertools
import string
import uuid
from collections.abc import Sequence

NEAR = 2**32
"""Codes whose neighbours are nearer than this are found by trying."""

NEXT = 64
"""How far a counter goes on while others ask it, too."""

_BASES = (
    (10, string.digits),
    (16, string.digits + "abcdef"),
    (36, string.digits + string.ascii_lowercase),
)
_URL_SAFE = str.maketrans("-_", "+/")
_READABLE = 6
"""Bytes of chance are hardly ever so many printable characters, six times over."""

_ROOM = 1_000
"""How much wider than what lies between neighbours the codes' own room must be."""


def counted(codes: Sequence[str]) -> str:
    """How the next code can be told, as words; empty where it can't.

    `codes` are in the order of their making, at least four.
    """
    if len(set(codes)) == 1:
        return ""  # a thing has one code, which is shown again
    if len(set(codes)) < len(codes):
        return "the same code was given twice"
    codes = _decoded(codes) or codes
    if all(_of_time(code) for code in codes):
        return "the codes are UUIDs of the time"
    numbers = _numbers(codes)
    if numbers is None:
        return ""
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    gaps = [b - a for a, b in itertools.pairwise(sorted(numbers))]
    close = sum(gap <= NEXT for gap in gaps)
    # Each replica may have a counter of its own.
    if 2 * close >= len(gaps) and max(map(abs, numbers)) >= _ROOM * NEXT:
        return f"{close + 1} of {len(codes)} are at most {NEXT} from another"
    one_way = all(s > 0 for s in steps) or all(s < 0 for s in steps)
    widest = max(abs(s) for s in steps)
    if not one_way or widest >= NEAR:
        return ""
    # Short codes by chance go one way now and then, but not by small steps.
    if widest * _ROOM <= max(abs(n) for n in numbers) or widest <= len(codes):
        return f"each is at most {widest} from the one before, in one direction"
    return ""


def _decoded(codes: Sequence[str]) -> list[str]:
    """The texts that codes are base64 of; empty unless all are of something that can be read."""
    found = []
    for code in codes:
        try:
            raw = base64.b64decode(
                code.translate(_URL_SAFE) + "=" * (-len(code) % 4), validate=True
            )
        except ValueError:
            return []
        if len(raw) < _READABLE or not all(32 <= byte < 127 for byte in raw):
            return []
        found.append(raw.decode("ascii"))
    return found


def _of_time(code: str) -> bool:
    try:
        return uuid.UUID(code).version == 1
    except ValueError:
        return False


def _numbers(codes: Sequence[str]) -> list[int] | None:
    """What differs between the codes, as numbers with the digits that stand before it."""
    texts = [c.lower() for c in codes]
    start = _alike(texts)
    end = _alike([t[start:][::-1] for t in texts])
    for base, alphabet in _BASES:
        at, stop = start, end
        while at and texts[0][at - 1] in alphabet:
            at -= 1
        while stop and texts[0][len(texts[0]) - stop] in alphabet:
            stop -= 1
        parts = [t[at : len(t) - stop] for t in texts]
        if all(p and set(p) <= set(alphabet) for p in parts):
            return [int(p, base) for p in parts]
    return None


def _alike(texts: Sequence[str]) -> int:
    """How many characters all begin with."""
    columns = zip(*texts, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda c: len(set(c)) == 1, columns))
