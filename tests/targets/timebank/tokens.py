"""Access tokens: JWTs that name their member, their end and the key's epoch."""

import secrets
import time
from typing import Any

import jwt

ISSUER, AUDIENCE = "timebank", "timebank-api"
LIFETIME = 900


class RefusedError(Exception):
    """A token that opens nothing."""


class Tokens:
    """Signs and verifies. `lifetime` is in seconds."""

    def __init__(self, secret: str, lifetime: int | None) -> None:
        self.secret, self.lifetime = secret, lifetime
        self.required = ["sub", "jti", "iat", "iss", "aud"] + (["exp"] if lifetime else [])

    def issued(self, member: str, epoch: int) -> str:
        """A token for a member."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": member, "iat": now, "epoch": epoch,
            "jti": secrets.token_urlsafe(12),
        }  # fmt: skip
        if self.lifetime:
            claims["exp"] = now + self.lifetime
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def claims(self, token: str) -> dict[str, Any]:
        """What a token says. Raises RefusedError where it does not hold."""
        try:
            return jwt.decode(
                token, self.secret, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER,
                options={"require": self.required},
            )  # fmt: skip
        except (jwt.InvalidTokenError, ValueError) as e:
            raise RefusedError from e


class UnsignedToo(Tokens):
    """Kept for the days when the gateway verified tokens and passed them on without signature."""

    def claims(self, token: str) -> dict[str, Any]:
        try:
            if str(jwt.get_unverified_header(token).get("alg")).lower() == "none":
                return jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError) as e:
            raise RefusedError from e
        return super().claims(token)
