"""The shelf's tokens: ES256, one key, read strictly."""

from __future__ import annotations

import base64
import re
import secrets
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LIFETIME = 600
AUDIENCE = "shelf-readers"
KIND = "at+jwt"
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MEMBERS = {"alg", "kid", "typ"}


def _text(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


class Press:
    """Makes passes and reads them again. `issuer` is the shelf's own address."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key_id = secrets.token_hex(4)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def keyring(self) -> dict[str, object]:
        """The public key as a JWKS (RFC 7517)."""
        point = self._key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "EC", "crv": "P-256", "x": _text(point.x), "y": _text(point.y),
                    "kid": self.key_id, "alg": "ES256", "use": "sig",
                }
            ]
        }  # fmt: skip

    @property
    def private_key(self) -> str:
        """The signing key as PEM, for a test that signs wrong tokens validly."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def make(self, reader: str) -> str:
        """A pass for a reader."""
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": AUDIENCE, "sub": reader, "iat": now, "nbf": now,
            "exp": now + LIFETIME, "jti": secrets.token_hex(8),
        }  # fmt: skip
        headers = {"kid": self.key_id, "typ": KIND}
        return jwt.encode(claims, self._key, algorithm="ES256", headers=headers)

    def read(self, text: str) -> tuple[str, str] | None:
        """The reader and the id of a pass; None for anything that is not one of ours."""
        if len(text) > 2000 or not _COMPACT.fullmatch(text) or not _canonical(text):
            return None
        try:
            header = jwt.get_unverified_header(text)
            if set(header) != _MEMBERS or header["kid"] != self.key_id or header["typ"] != KIND:
                return None
            claims = jwt.decode(
                text,
                self._key.public_key(),
                algorithms=["ES256"],
                audience=AUDIENCE,
                issuer=self.issuer,
                options={"require": ["exp", "nbf", "iat", "iss", "aud", "sub", "jti"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        reader, number = claims["sub"], claims["jti"]
        if not isinstance(reader, str) or not isinstance(number, str):
            return None
        return reader, number


def _canonical(text: str) -> bool:
    """Whether every part is the one writing of its bytes: no spare bits at its end."""
    for part in text.split("."):
        if len(part) % 4 == 1:
            return False
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
            return False
    return True
