"""How much chance is in keys, and whether a scanner would know one that leaked."""

from __future__ import annotations

import hashlib
import math
import string
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

FEWEST_BITS = 112
"""The least strength that NIST SP 800-57 accepts; a random UUID passes, a counter does not."""

FEWEST_OF_PREFIX = 3
_ALPHABETS = (
    string.digits,
    "0123456789abcdef",
    "0123456789ABCDEF",
    "abcdefghijklmnopqrstuvwxyz234567",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.digits + string.ascii_letters,
    string.digits + string.ascii_letters + "-_+/=",
)
_BASE62 = (
    string.digits + string.ascii_uppercase + string.ascii_lowercase,
    string.digits + string.ascii_lowercase + string.ascii_uppercase,
    string.ascii_uppercase + string.ascii_lowercase + string.digits,
    string.ascii_lowercase + string.ascii_uppercase + string.digits,
)
_BASE36 = (string.digits + string.ascii_lowercase, string.digits + string.ascii_uppercase)
_LENGTHS = range(4, 9)


def hidden(text: str, shown: Iterable[str]) -> str:
    """A key without what is shown of it elsewhere: nothing of that has to be guessed."""
    for part in sorted({s for s in shown if len(s) > 3 and s != text}, key=len, reverse=True):
        text = text.replace(part, "")
    return text


def bits(texts: Sequence[str]) -> float:
    """At most so many random bits: for each place at which keys differ the width of the smallest
    usual alphabet. Keys of several lengths are compared from their start."""
    shortest = min(len(t) for t in texts)
    varying = [{t[n] for t in texts} for n in range(shortest)]
    varying = [chars for chars in varying if len(chars) > 1]
    used = {c for chars in varying for c in chars}
    fitting = [a for a in _ALPHABETS if used <= set(a)]
    width = min((len(a) for a in fitting), default=94)
    return len(varying) * math.log2(width)


def prefix(texts: Sequence[str]) -> str:
    """How all keys begin, up to the last sign that is no letter or digit, if there is one."""
    first, last = min(texts), max(texts)
    alike = next((n for n, c in enumerate(first) if last[n : n + 1] != c), len(first))
    common = first[:alike]
    ends = [n for n, c in enumerate(common) if not c.isalnum()]
    return common[: ends[0] + 1] if ends else common


def checksum(text: str) -> str:
    """The name of the usual checksum that a key ends with; empty without one."""
    for length in _LENGTHS:
        body, tail = text[:-length], text[-length:]
        for name, written in _sums(body, length):
            if written == tail:
                return name
    return ""


def _sums(body: str, length: int) -> Iterator[tuple[str, str]]:
    """The checksums of what may be covered: all that is before, or what follows a separator."""
    covered = {body, *(body[n + 1 :] for n, c in enumerate(body) if c in "_-.")}
    covered |= {part.rstrip("_-.") for part in covered}
    for part in covered:
        crc = zlib.crc32(part.encode())
        for alphabet in (*_BASE62, *_BASE36):
            yield "CRC-32", _written(crc, alphabet, length)
        yield "CRC-32", f"{crc:08x}"[-length:]
        yield "CRC-32", f"{crc:08X}"[-length:]
        yield "SHA-256", hashlib.sha256(part.encode()).hexdigest()[:length]


def _written(number: int, alphabet: str, length: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, len(alphabet))
        digits = alphabet[rest] + digits
    return digits.rjust(length, alphabet[0])


def all_alike(texts: Sequence[str], of: Callable[[str], str]) -> str:
    """What `of` says of every key, where it says the same of all; else empty."""
    said = {of(text) for text in texts}
    return said.pop() if len(said) == 1 else ""
