"""Issuers that sign with a shared secret, or for too long."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.tokens import TokenIssuer, TokenRefusedError, TokenVerifier
from l7audit_stack.defects.authn.signatures import signed_with_hmac, with_hmac
from l7audit_stack.defects.authn.swap import become, issuer
from l7audit_stack.defects.defect import Defect

SHARED_KEY_ID = "shared-1"


class SharedSecretIssuer(TokenIssuer):
    """Signs with HS256; the secret is that of `secret`."""

    def issue(self, **given: Any) -> tuple[str, dict[str, Any]]:
        _, claims = super().issue(**given)
        header = {"alg": "HS256", "kid": SHARED_KEY_ID, "typ": "at+jwt"}
        return signed_with_hmac(header, claims, self.secret()), claims

    def secret(self) -> bytes:
        return strong_secret(self.keys)


class TutorialSecretIssuer(SharedSecretIssuer):
    def secret(self) -> bytes:
        return b"your-256-bit-secret"


@dataclasses.dataclass(frozen=True)
class SharedSecretVerifier(TokenVerifier):
    """Each key with its own algorithm: `secret` with HS256 only, the others with EdDSA only."""

    secret: bytes = dataclasses.field(default=b"", repr=False)

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        if (header["alg"] == "HS256") != (header.get("kid") == SHARED_KEY_ID):
            raise TokenRefusedError("algorithm of another key")
        if header["alg"] == "HS256":
            return with_hmac(token, self.secret)
        return super().claims(token, header)


def strong_secret(keys: Mapping[str, Ed25519PrivateKey]) -> bytes:
    """A secret that all replicas have and nobody else: derived from their signing key."""
    key = next(reversed(list(keys.values())))
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return HKDF(hashes.SHA256(), 32, None, b"shared token secret").derive(raw)


def _shares_a_secret(kind: type[SharedSecretIssuer]) -> Any:
    def swap(parts: Parts) -> Parts:
        made = become(kind, parts.issuer)
        tokens = become(
            SharedSecretVerifier,
            parts.tokens,
            algorithms=("EdDSA", "HS256"),
            secret=made.secret(),
        )
        return dataclasses.replace(parts, issuer=made, tokens=tokens)

    return swap


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authn.weak-hmac-secret",
        summary="Tokens are signed with a secret out of a tutorial.",
        parts=_shares_a_secret(TutorialSecretIssuer),
    ),
    Defect(
        name="authn.strong-hmac-beside",
        summary="Tokens are signed with a strong shared secret, each key bound to its algorithm.",
        near_miss=True,
        parts=_shares_a_secret(SharedSecretIssuer),
    ),
    Defect(
        name="authn.token-for-a-month",
        summary="Access tokens live for thirty days.",
        parts=issuer(lifetime=30 * 86_400),
    ),
    Defect(
        name="authn.token-for-a-working-day",
        summary="Access tokens live for eight hours.",
        near_miss=True,
        parts=issuer(lifetime=8 * 3600),
    ),
)
