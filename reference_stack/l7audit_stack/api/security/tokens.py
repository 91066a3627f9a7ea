"""Access tokens: JWTs signed with Ed25519, judged by the list of RFC 8725.

Each requirement is one method, so that a reader sees them all and a test can pull out one.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from l7audit_stack.api.security.signing_keys import signer

MAX_TOKEN_CHARS = 4096


class TokenRefusedError(Exception):
    """The token is no good; the reason is for the log, never for the caller."""


@dataclass(frozen=True)
class TokenIssuer:
    """Signs tokens with the newest key whose time has come. Times are epoch seconds."""

    keys: Mapping[str, Ed25519PrivateKey] = field(repr=False)
    issuer: str
    audience: str
    lifetime: int

    def issue(
        self,
        *,
        subject: str,
        tenant: str,
        scopes: frozenset[str] | None,
        now: float,
        password_version: int | None = None,
    ) -> tuple[str, dict[str, Any]]:
        """A signed token and its claims; `password_version` where a password got it."""
        issued = int(now)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "tenant": tenant,
            "iat": issued,
            "nbf": issued,
            "exp": issued + self.lifetime,
            "jti": secrets.token_urlsafe(16),
        }
        if scopes is not None:
            claims["scope"] = " ".join(sorted(scopes))
        if password_version is not None:
            claims["pwv"] = password_version
        kid = signer(self.keys, now)
        text = jwt.encode(
            claims, self.keys[kid], algorithm="EdDSA", headers={"kid": kid, "typ": "at+jwt"}
        )
        return text, claims

    def jwks(self) -> dict[str, Any]:
        """The public keys, as RFC 7517 writes them."""
        return {"keys": [public_jwk(kid, key.public_key()) for kid, key in self.keys.items()]}


def public_jwk(kid: str, key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    text = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": text, "kid": kid, "alg": "EdDSA", "use": "sig"}


@dataclass(frozen=True)
class TokenVerifier:
    """Judges a token's text. What only the database knows (revocation) is asked elsewhere."""

    keys: Mapping[str, Ed25519PublicKey]
    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ("EdDSA",)
    types: tuple[str, ...] = ("at+jwt",)
    understood_critical: tuple[str, ...] = ()
    leeway: float = 0.0

    def verify(self, token: str, now: float) -> dict[str, Any]:
        """The claims of a good token; raises TokenRefusedError."""
        header = self.header(token)
        self.check_header(header)
        claims = self.claims(token, header)
        self.check_claims(claims, now)
        return claims

    def header(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_CHARS or token.count(".") != 2:
            raise TokenRefusedError("not a compact JWS")
        try:
            return jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise TokenRefusedError("malformed") from error

    def check_header(self, header: Mapping[str, Any]) -> None:
        self.check_algorithm(header)
        self.check_type(header)
        self.check_critical(header)

    def check_algorithm(self, header: Mapping[str, Any]) -> None:
        if header.get("alg") not in self.algorithms:
            raise TokenRefusedError("algorithm")

    def check_type(self, header: Mapping[str, Any]) -> None:
        kind = header.get("typ")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in self.types:
            raise TokenRefusedError("type")

    def check_critical(self, header: Mapping[str, Any]) -> None:
        named = header.get("crit", [])
        if not isinstance(named, list) or any(n not in self.understood_critical for n in named):
            raise TokenRefusedError("critical header")
        if "crit" in header and not named:
            raise TokenRefusedError("empty critical header")

    def key_for(self, header: Mapping[str, Any]) -> Any:
        """The key this service holds under the token's `kid`; nothing in the token adds one."""
        kid = header.get("kid")
        key = self.keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefusedError("unknown key id")
        return key

    def stands(self, kid: str) -> bool:
        """Whether this key is still held: a token that was good is good no longer than its key."""
        return kid in self.keys

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        """Check the signature and read the payload; the claims themselves are checked next."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key_for(header),
                algorithms=list(self.algorithms),
                options={
                    "verify_signature": True,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                    "verify_iss": False,
                    "verify_sub": False,
                    "verify_jti": False,
                },
            )
        except jwt.PyJWTError as error:
            raise TokenRefusedError("signature") from error
        return claims

    def check_claims(self, claims: Mapping[str, Any], now: float) -> None:
        self.check_issuer(claims)
        self.check_audience(claims)
        self.check_identity(claims)
        self.check_not_before(claims, now)
        self.check_expiry(claims, now)

    def check_issuer(self, claims: Mapping[str, Any]) -> None:
        if claims.get("iss") != self.issuer:
            raise TokenRefusedError("issuer")

    def check_audience(self, claims: Mapping[str, Any]) -> None:
        if claims.get("aud") not in (self.audience, [self.audience]):
            raise TokenRefusedError("audience")

    def check_identity(self, claims: Mapping[str, Any]) -> None:
        for name in ("sub", "jti"):
            value = claims.get(name)
            if not isinstance(value, str) or not 0 < len(value) <= 200:
                raise TokenRefusedError(name)

    def check_not_before(self, claims: Mapping[str, Any], now: float) -> None:
        if self._time(claims, "nbf") > now + self.leeway:
            raise TokenRefusedError("not yet valid")

    def check_expiry(self, claims: Mapping[str, Any], now: float) -> None:
        if self._time(claims, "exp") <= now - self.leeway:
            raise TokenRefusedError("expired")

    def _time(self, claims: Mapping[str, Any], name: str) -> float:
        value = claims.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TokenRefusedError(name)
        return float(value)

    def of_earlier_password(self, claims: Mapping[str, Any], version: int) -> bool:
        """Whether a token was got with a password that holds no more."""
        return bool(claims.get("pwv", version) != version)

    def revoked(self, standing: bool) -> bool:
        """`standing` is what the database says: True when this token's id was revoked."""
        return standing
