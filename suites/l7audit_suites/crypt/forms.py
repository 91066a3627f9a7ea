"""The forms in which a secret may lie in a database: plain, encoded, or hashed too fast or too
cheaply."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_FAST = ("md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "blake2b")
_ARGON2 = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=(\d+),t=(\d+),p=(\d+)\$")
_BCRYPT = re.compile(r"\$2[abxy]?\$(\d\d)\$[./A-Za-z0-9]{53}")
_PBKDF2 = re.compile(r"pbkdf2[_:-](?:hmac[_:-])?(sha\d+)[$:](?:i=)?(\d+)", re.IGNORECASE)
_SCRYPT = re.compile(r"scrypt[:$](?:ln=(\d+)|(\d+))[,:$](?:r=)?(\d+)[,:$](?:p=)?(\d+)")
_SHA_CRYPT = re.compile(r"\$[156]\$")

# OWASP's Password Storage Cheat Sheet: equal work at different shares of memory (KiB) and passes.
_ARGON2_LEAST = ((47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5))
_BCRYPT_LEAST = 10
_PBKDF2_LEAST = {"sha512": 210_000, "sha256": 600_000, "sha1": 1_300_000}
_SCRYPT_LEAST = ((17, 1), (16, 2), (15, 3), (14, 5), (13, 10))


def readable(secret: str) -> list[str]:
    """A secret as whoever reads the database could read it: plain, reversed, hexadecimal, base64.

    Base64 is given without its end, so that it is found within a longer text as well.
    """
    raw = secret.encode()
    whole = raw[: len(raw) - len(raw) % 3] or raw
    encoded = {base64.b64encode(whole).decode(), base64.urlsafe_b64encode(whole).decode()}
    return [secret, secret[::-1], raw.hex(), raw.hex().upper(), *sorted(encoded)]


def fast_hashes(password: str, salts: Iterable[str]) -> set[str]:
    """Digests that are made in an instant: of the password alone, and with each salt at an end."""
    found: set[str] = set()
    raw = password.encode()
    mixed = [raw, *(m for s in salts for m in (s.encode() + raw, raw + s.encode()))]
    for text in mixed:
        for name in _FAST:
            digest = hashlib.new(name, text, usedforsecurity=False).digest()
            found |= {digest.hex(), base64.b64encode(digest).decode().rstrip("=")}
    return found


def texts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The text columns of a row."""
    return ((n, v) for n, v in row.items() if isinstance(v, str) and v)


def cheap(stored: str) -> str | None:
    """Why a password's hash costs too little; empty where it costs enough, None where it is no
    hash that is meant for passwords."""
    if found := _ARGON2.search(stored):
        memory, passes = int(found[2]), int(found[3])
        enough = any(memory >= m and passes >= t for m, t in _ARGON2_LEAST)
        return "" if enough else f"Argon2 with {memory} KiB and {passes} passes"
    if found := _BCRYPT.search(stored):
        return "" if int(found[1]) >= _BCRYPT_LEAST else f"bcrypt of cost {int(found[1])}"
    if found := _PBKDF2.search(stored):
        least = _PBKDF2_LEAST.get(found[1].lower(), 600_000)
        return "" if int(found[2]) >= least else f"PBKDF2 with {found[2]} rounds"
    if found := _SCRYPT.search(stored):
        power = int(found[1]) if found[1] else int(found[2]).bit_length() - 1
        enough = any(power >= n and int(found[4]) >= p for n, p in _SCRYPT_LEAST)
        return "" if enough else f"scrypt with N=2^{power}"
    return "crypt of the SHA or MD5 family" if _SHA_CRYPT.match(stored) else None


def alike(one: Mapping[str, Any], two: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Columns that hold the same where the secret was the same, and another where it was not."""
    values = dict(texts(two)), dict(texts(other))
    return [n for n, v in texts(one) if values[0].get(n) == v and values[1].get(n) != v]
