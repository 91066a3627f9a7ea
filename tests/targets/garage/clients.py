"""The garage's clients: fleets with a secret for OAuth2 and API keys that they make themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

LIFETIME = 600
KEY_LIFE = timedelta(days=365)
_AUDIENCE, _ISSUER = "garage", "https://api.garage.example"
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def digest(secret: str) -> bytes:
    """Secrets are long and random, so that a fast hash keeps them."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass
class Client:
    """One fleet. `plan` is set by the office, `contact` by the client."""

    name: str
    secret_hash: bytes
    role: str = "fleet"
    plan: str = "basic"
    contact: str = "workshop@fleet.example"


@dataclass
class Key:
    """An API key; of the secret only the hash is kept."""

    name: str
    client: str
    secret_hash: bytes
    made: datetime
    last_used: datetime | None = None

    @property
    def ends(self) -> datetime:
        return self.made + KEY_LIFE

    def told(self) -> dict[str, object]:
        used = self.last_used.isoformat() if self.last_used else None
        return {
            "name": self.name, "made": self.made.isoformat(), "expires": self.ends.isoformat(),
            "last_used": used,
        }  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Clients:
    """Clients by name and keys by name, `<client>.<label>`."""

    def __init__(self) -> None:
        self.by_name: dict[str, Client] = {}
        self.keys: dict[str, Key] = {}
        self._by_hash: dict[bytes, Key] = {}

    def admit(self, name: str, secret: str, role: str = "fleet") -> Client:
        found = self.by_name[name] = Client(name, digest(secret), role)
        return found

    def known(self, name: str, secret: str) -> Client | None:
        found = self.by_name.get(name)
        right = hmac.compare_digest(digest(secret), found.secret_hash if found else digest("-"))
        return found if right else None

    def make_key(self, client: str, label: str, secret: str | None = None) -> tuple[Key, str]:
        secret = secret or f"gk_{secrets.token_urlsafe(32)}"
        key = Key(f"{client}.{label}", client, digest(secret), _now())
        self.keys[key.name] = self._by_hash[key.secret_hash] = key
        return key, secret

    def rotate(self, key: Key) -> str:
        """The new secret; the old one is void at once."""
        self._by_hash.pop(key.secret_hash, None)
        return self.make_key(key.client, key.name.partition(".")[2])[1]

    def withdraw(self, key: Key) -> None:
        del self.keys[key.name]
        self._by_hash.pop(key.secret_hash, None)

    def hide(self, key: Key) -> None:
        """Takes a key from the list only."""
        del self.keys[key.name]

    def holder(self, secret: str) -> Client | None:
        key = self._by_hash.get(digest(secret))
        if key is None or key.ends <= _now():
            return None
        key.last_used = _now()
        return self.by_name[key.client]


class Tokens:
    """Access tokens: HS256 under a random key of this process, read strictly."""

    required = ("exp", "iat", "iss", "aud", "sub", "jti")

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def issue(self, client: str) -> str:
        return jwt.encode(self.claims(client), self._key, algorithm="HS256")

    def claims(self, client: str) -> dict[str, object]:
        now = int(time.time())
        return {
            "iss": _ISSUER, "aud": _AUDIENCE, "sub": client, "iat": now, "exp": now + LIFETIME,
            "jti": secrets.token_hex(8),
        }  # fmt: skip

    def holder(self, token: str) -> str | None:
        """The name of the client; None for anything that is not one of our tokens."""
        if len(token) > 2000 or not _COMPACT.fullmatch(token) or not _canonical(token):
            return None
        try:
            claims = jwt.decode(
                token, self._key, algorithms=["HS256"], audience=_AUDIENCE, issuer=_ISSUER,
                options={"require": list(self.required)},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return claims["sub"] if isinstance(claims["sub"], str) else None


class EndlessTokens(Tokens):
    """Tokens without an end: whoever has one has it for good."""

    required = ("iat", "iss", "aud", "sub", "jti")

    def claims(self, client: str) -> dict[str, object]:
        claims = super().claims(client)
        del claims["exp"]
        return claims


def _canonical(token: str) -> bool:
    """Whether the signature is the one writing of its bytes."""
    part = token.rpartition(".")[2]
    if len(part) % 4 == 1:
        return False
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode() == part
