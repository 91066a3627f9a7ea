"""The forms in which a secret may appear in a text."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forms:
    """A secret's forms: `needles` are texts of which one occurs wherever `pattern` matches (once
    percent and JSON escapes are undone); `tag` takes the place of a match."""

    secret: str
    tag: str
    needles: frozenset[str]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, secret: str, tag: str) -> Forms:
        """The forms of one secret."""
        data = secret.encode("utf-8", "surrogatepass")
        cores = {core for shift in range(3) for core in _base64_cores(data, shift)}
        # Longest first; without any repetition in it the pattern is linear on hostile text.
        ordered = [secret, *sorted(cores, key=len, reverse=True)]
        pattern = "|".join(_flexible(form) for form in ordered)
        return cls(secret, tag, frozenset({secret, *cores}), re.compile(pattern))


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


def _flexible(text: str) -> str:
    """A pattern for the text with any of its characters percent- or JSON-escaped."""
    return "".join(_character(character) for character in text)


def _character(character: str) -> str:
    forms = [re.escape(character)]
    data = character.encode("utf-8", "surrogatepass")
    forms.append("".join(f"%{_anycase(f'{byte:02x}')}" for byte in data))
    units = character.encode("utf-16-be", "surrogatepass")
    forms.append(
        "".join(rf"\\u{_anycase(units[i : i + 2].hex())}" for i in range(0, len(units), 2))
    )
    escaped = json.dumps(character)[1:-1]
    if escaped != character:
        forms.append(re.escape(escaped))
    if character == "/":
        forms.append(r"\\/")
    if character == " ":
        forms.append(r"\+")
    return f"(?:{'|'.join(forms)})"


def _anycase(digits: str) -> str:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits)
