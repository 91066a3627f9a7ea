"""Who may use the shelf, and what is on it. All of it in memory: the shelf is a small service."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

_COST = {"n": 2**10, "r": 8, "p": 1}


@dataclass
class Reader:
    """Somebody with a shelf. `quota` is requests at once; it refills in `window` seconds."""

    ref: str
    mail: str
    salt: bytes
    digest: bytes
    quota: int
    window: int
    volumes: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass
class Card:
    """An access key of a reader; only a digest of it is kept. Times are epoch seconds."""

    ref: str
    reader: str
    label: str
    digest: str
    until: float | None = None
    made: float = field(default_factory=time.time)
    shown: float | None = None

    def told(self) -> dict[str, object]:
        """What its reader sees of it."""
        return {
            "cardRef": self.ref,
            "label": self.label,
            "issuedOn": _day(self.made),
            "validUntil": None if self.until is None else _day(self.until),
            "lastShownOn": None if self.shown is None else _day(self.shown),
        }


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Library:
    """Readers, their cards and volumes, and the passes that were handed back."""

    def __init__(self) -> None:
        self.readers: dict[str, Reader] = {}
        self.cards: dict[str, Card] = {}
        self.returned: set[str] = set()
        self._nobody = self._hashed(secrets.token_urlsafe(12))

    @staticmethod
    def _hashed(password: str) -> tuple[bytes, bytes]:
        salt = secrets.token_bytes(16)
        return salt, hashlib.scrypt(password.encode(), salt=salt, **_COST)

    def admit(self, mail: str, password: str, quota: int, window: int) -> Reader:
        """Makes a reader."""
        salt, digest = self._hashed(password)
        reader = Reader(secrets.token_hex(8), mail, salt, digest, quota, window)
        self.readers[reader.ref] = reader
        return reader

    def known(self, mail: str, password: str) -> Reader | None:
        """The reader of that mail and password, after the same work for everybody."""
        found = next((r for r in self.readers.values() if r.mail == mail), None)
        salt, expected = (found.salt, found.digest) if found else self._nobody
        tried = hashlib.scrypt(password.encode(), salt=salt, **_COST)
        return found if hmac.compare_digest(tried, expected) and found else None

    def issue(self, reader: Reader, label: str, seconds: float | None = None) -> tuple[Card, str]:
        """A new card and its secret, which is told only now."""
        secret = "shelf_" + secrets.token_urlsafe(24)
        secret += f"{zlib.crc32(secret.encode()):08x}"
        until = time.time() + seconds if seconds is not None else None
        card = Card(secrets.token_hex(8), reader.ref, label, _digest(secret), until)
        self.cards[card.ref] = card
        return card, secret

    def holder(self, secret: str) -> Reader | None:
        """The reader whose card this is, if the card is still good."""
        wanted = _digest(secret)
        for card in self.cards.values():
            if hmac.compare_digest(card.digest, wanted):
                good = card.until is None or time.time() < card.until
                card.shown = time.time() if good else card.shown
                return self.readers.get(card.reader) if good else None
        return None
