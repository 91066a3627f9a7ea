"""Names that people take for one another, and bytes that careless decoders take for characters."""

from __future__ import annotations

import unicodedata

_LETTERS, _DOUBLES = "aeopcyxi", "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456"
_LATIN = str.maketrans(_LETTERS, _DOUBLES)
_CONFUSED = str.maketrans(_DOUBLES, _LETTERS)

OVERLONG: dict[str, tuple[bytes, str]] = {
    "overlong slash": (b"\xc0\xaf", "/"),
    "overlong quote": (b"\xc0\xa7", "'"),
    "overlong bracket": (b"\xe0\x80\xbc", "<"),
}
"""Longer encodings of characters than UTF-8 allows (RFC 3629, 3), and what they stand for."""


def alike(name: str) -> dict[str, str]:
    """Other spellings of a name of small letters, by what was done to it."""
    return {
        "upper case": name.upper(),
        "full width": "".join(chr(ord(c) + 0xFEE0) for c in name),
        "mathematical letters": "".join(chr(ord(c) - 97 + 0x1D41A) for c in name),
        "zero width": f"{name[:2]}\u200b{name[2:]}",
        "soft hyphen": f"{name[:2]}\u00ad{name[2:]}",
        "space after": f"{name} ",
        "other alphabet": name.translate(_LATIN),
    }


def folded(name: str) -> str:
    """What people see of a name: compatible letters, one case, nothing invisible."""
    plain = unicodedata.normalize("NFKC", name).translate(_CONFUSED)
    seen = "".join(c for c in plain if unicodedata.category(c) not in {"Cf", "Cc", "Mn"})
    return " ".join(seen.casefold().split())
