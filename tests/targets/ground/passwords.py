"""Passwords as they are kept: salted scrypt, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

COMMON = frozenset((Path(__file__).with_name("common-passwords.txt")).read_text().split())
"""A few of those that everybody guesses first."""


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**13, r=8, p=1)


def sealed(password: str) -> str:
    """What is kept of a password."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_scrypt(password, salt).hex()}"


NOBODYS = sealed(secrets.token_urlsafe(16))
"""For users that do not exist: comparing with it takes as long as with a real one."""


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept."""
    _, salt, digest = kept.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), digest)
