"""API keys: `l7_<lookup>_<secret><checksum>`; only a keyed hash of the whole text is stored.

The lookup part finds the row; the digest, compared in constant time, decides. The checksum is for
scanners of leaked secrets: prefix and checksum together tell a real key from any other text.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from l7audit_stack.data.identities import KeyRow

_SHAPE = re.compile(r"l7_([0-9a-f]{16})_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}\Z")
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def checksum(text: str) -> str:
    """CRC-32 of what stands before it, as six digits of base 62."""
    number, written = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, len(_DIGITS))
        written = _DIGITS[digit] + written
    return written


@dataclass(frozen=True)
class NewKey:
    """A key just made. `text` is shown once and never stored."""

    text: str = field(repr=False)
    lookup: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True)
class ApiKeys:
    """Makes and judges keys. Every step is a method of its own."""

    pepper: bytes = field(repr=False)

    def make(self) -> NewKey:
        """A new key with 256 random bits."""
        lookup = secrets.token_hex(8)
        text = f"l7_{lookup}_{self.secret()}"
        text += checksum(text)
        return NewKey(text=text, lookup=lookup, digest=self.digest(text))

    def secret(self) -> str:
        return secrets.token_urlsafe(32)

    def lookup(self, text: str) -> str | None:
        """The lookup part, or None for a text that no key can have."""
        match = _SHAPE.match(text)
        return match.group(1) if match else None

    def digest(self, text: str) -> bytes:
        """HMAC-SHA256 under the pepper: useless to who has the table alone."""
        return hmac.digest(self.pepper, text.encode("utf-8", "surrogateescape"), "sha256")

    def matches(self, row: KeyRow, digest: bytes) -> bool:
        return hmac.compare_digest(row.digest, digest)

    def expired(self, row: KeyRow, now: float) -> bool:
        return row.expires_at is not None and row.expires_at.timestamp() <= now

    def revoked(self, row: KeyRow) -> bool:
        return row.revoked_at is not None

    def accepts(self, row: KeyRow, digest: bytes, now: float) -> bool:
        """Whether this row's key was presented and is good at `now` (epoch seconds)."""
        return self.matches(row, digest) and not self.revoked(row) and not self.expired(row, now)


@dataclass(frozen=True)
class RotationPolicy:
    """When keys have to be replaced. Days since the key was made."""

    max_age_days: int = 90
    grace_days: int = 14
    overlap_seconds: int = 86_400

    def due_at(self, row: KeyRow) -> float:
        """Epoch seconds from which the key's listing says that rotation is due."""
        return row.created_at.timestamp() + self.max_age_days * 86_400

    def retires_at(self, row: KeyRow) -> float:
        """Epoch seconds at which the background job ends the key."""
        return self.due_at(row) + self.grace_days * 86_400

    def due(self, row: KeyRow, now: float) -> bool:
        return row.rotated_to is None and self.due_at(row) <= now

    def overdue(self, row: KeyRow, now: float) -> bool:
        """Whether the key is past its age and grace, so that it opens nothing any more."""
        return self.retires_at(row) <= now

    def oldest_allowed(self, now: float) -> datetime:
        """Keys made before this moment are past due and grace."""
        return datetime.fromtimestamp(now - (self.max_age_days + self.grace_days) * 86_400, UTC)
