"""How much chance is in keys, and whether a scanner would know one that leaked."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Sequence

FEWEST_BITS = 112
"""The least strength that NIST SP 800-57 accepts; a random UUID passes, a counter does not."""

_FEWEST_OF_PREFIX = 3
_FEWEST_OF_TIME = 5
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
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


def recognisable(beginning: str, now: float) -> bool:
    """Whether a scanner can look for keys by how they begin: a text of the issuer's own, which is
    neither too short nor the time at which they were made."""
    told = beginning.strip("_-.")
    letters = any(c.isalpha() for c in told)
    return len(beginning) >= _FEWEST_OF_PREFIX and letters and not _is_time(told, now)


def _is_time(told: str, now: float) -> bool:
    """Whether that is how a usual spelling of the time begins, at `now` in epoch seconds: keys of
    one moment begin alike then, and those of next year otherwise."""
    if len(told) < _FEWEST_OF_TIME:
        return False
    counts = [int(now * unit) for unit in (1, 1_000, 1_000_000, 1_000_000_000)]
    numbers = [text for n in counts for text in (f"{n:x}", _written(n))]
    spelled = {text.rjust(width, "0").lower() for text in numbers for width in (0, 10, 12, 16)}
    # The last place that is alike may turn over while the keys are made.
    return any(text.startswith(told[:-1].lower()) for text in spelled)


def _written(number: int) -> str:
    """As ULIDs are written."""
    digits = ""
    while number:
        number, rest = divmod(number, len(_CROCKFORD))
        digits = _CROCKFORD[rest] + digits
    return digits
