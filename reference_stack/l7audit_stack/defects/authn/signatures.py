"""Token verifiers that hold wrong signatures for right, in the ways that real ones have."""

from __future__ import annotations

import hmac
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_decode, base64url_encode

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.tokens import TokenRefusedError, TokenVerifier
from l7audit_stack.defects.authn.swap import verifier
from l7audit_stack.defects.defect import Defect

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def unverified(token: str) -> dict[str, Any]:
    """The claims as they stand there."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise TokenRefusedError("malformed") from error
    return claims


def with_hmac(token: str, secret: bytes) -> dict[str, Any]:
    """The claims of a token that this secret has signed with HS256."""
    signed, _, signature = token.rpartition(".")
    digest = hmac.digest(secret, signed.encode(), "sha256")
    if not hmac.compare_digest(digest, base64url_decode(signature)):
        raise TokenRefusedError("signature")
    return unverified(token)


def signed_with_hmac(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    """A token signed with HS256, by hand: the library warns of the short secrets wanted here."""
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, claims))
    signed = b".".join(base64url_encode(part) for part in parts)
    return (signed + b"." + base64url_encode(hmac.digest(secret, signed, "sha256"))).decode()


class AcceptsNone(TokenVerifier):
    """`none` was allowed for a test environment once."""

    def check_algorithm(self, header: Mapping[str, Any]) -> None:
        if header.get("alg") != "none":
            super().check_algorithm(header)

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        return unverified(token) if header["alg"] == "none" else super().claims(token, header)


class BansOneSpelling(TokenVerifier):
    """Bans `none` where it should allow EdDSA; the library below knows no case."""

    def check_algorithm(self, header: Mapping[str, Any]) -> None:
        alg = header.get("alg")
        if alg == "none" or not isinstance(alg, str):
            raise TokenRefusedError("algorithm")
        if alg.lower() != "none":
            super().check_algorithm(header)

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        if header["alg"].lower() == "none":
            return unverified(token)
        return super().claims(token, header)


class DecodesOnly(TokenVerifier):
    """Decodes the claims and leaves the signature to somebody else."""

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        return unverified(token)


class SkipsEmptySignature(TokenVerifier):
    """Verifies a signature only where there is one."""

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        return unverified(token) if token.endswith(".") else super().claims(token, header)


class ForgetsTheRange(TokenVerifier):
    """A hand-written ECDSA check without the range check of r and s (CVE-2022-21449)."""

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        if header["alg"] != "ES256":
            return super().claims(token, header)
        signature = base64url_decode(token.rpartition(".")[2])
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        # Fermat's inverse of zero is zero: both factors vanish, and so does the point's x.
        factor = pow(s, P256_ORDER - 2, P256_ORDER)
        if factor != 0 or len(signature) != 64 or r != 0:
            raise TokenRefusedError("signature")
        return unverified(token)


class OneKeyForAll(TokenVerifier):
    """Hands its public key to whatever algorithm the token names."""

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        if header["alg"] != "HS256":
            return super().claims(token, header)
        key: Ed25519PublicKey = self.key_for(header)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return with_hmac(token, pem)


class TrustsEmbeddedKey(TokenVerifier):
    """Prefers the key in the token's header, as one vendor's library did (CVE-2018-0114)."""

    def key_for(self, header: Mapping[str, Any]) -> Any:
        if isinstance(header.get("jwk"), dict):
            return jwt.PyJWK(header["jwk"], "EdDSA").key
        return super().key_for(header)


class FetchesKeys(TokenVerifier):
    """Fetches unknown keys from where the token says they are."""

    def key_for(self, header: Mapping[str, Any]) -> Any:
        if not isinstance(header.get("jku"), str):
            return super().key_for(header)
        try:
            with urllib.request.urlopen(header["jku"], timeout=1) as answer:
                keys = json.load(answer)["keys"]
        except (OSError, ValueError, KeyError) as error:
            raise TokenRefusedError("keys") from error
        found = next((k for k in keys if k.get("kid") == header.get("kid")), None)
        if found is None:
            raise TokenRefusedError("unknown key id")
        return jwt.PyJWK(found, "EdDSA").key


@dataclass(frozen=True)
class ReadsKeyFiles(TokenVerifier):
    """Looks the secrets of partners up in a folder, by the key id."""

    folder: Path = Path()

    def claims(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        if header["alg"] != "HS256":
            return super().claims(token, header)
        try:
            secret = (self.folder / str(header.get("kid"))).read_bytes()
        except (OSError, ValueError) as error:
            raise TokenRefusedError("unknown key id") from error
        return with_hmac(token, secret)


def _reads_key_files(parts: Parts) -> Parts:
    folder = parts.settings.secrets_dir / "jwt"
    return verifier(ReadsKeyFiles, algorithms=("EdDSA", "HS256"), folder=folder)(parts)


class OneKeyWhateverItsName(TokenVerifier):
    """Has one key and doesn't read the key id: nothing in the token can change that."""

    def key_for(self, header: Mapping[str, Any]) -> Any:
        if "kid" in header and not isinstance(header["kid"], str):
            raise TokenRefusedError("key id")
        return next(reversed(list(self.keys.values())))


class StripsPadding(TokenVerifier):
    """Takes base64url with padding too."""

    def verify(self, token: str, now: float) -> dict[str, Any]:
        return super().verify(token.replace("=", ""), now)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authn.alg-none",
        summary="Tokens with the algorithm none are accepted without a signature.",
        parts=verifier(AcceptsNone),
    ),
    Defect(
        name="authn.alg-none-by-casing",
        summary="The algorithm none is banned in lower case only.",
        parts=verifier(BansOneSpelling),
    ),
    Defect(
        name="authn.signature-ignored",
        summary="Tokens are decoded and their signatures never checked.",
        parts=verifier(DecodesOnly),
    ),
    Defect(
        name="authn.empty-signature",
        summary="An empty signature is not checked.",
        parts=verifier(SkipsEmptySignature),
    ),
    Defect(
        name="authn.null-signature",
        summary="An ECDSA signature of zeros is held for right.",
        parts=verifier(ForgetsTheRange, algorithms=("EdDSA", "ES256")),
    ),
    Defect(
        name="authn.hmac-confusion",
        summary="The public key is accepted as the secret of an HMAC token.",
        parts=verifier(OneKeyForAll, algorithms=("EdDSA", "HS256")),
    ),
    Defect(
        name="authn.embedded-key-trusted",
        summary="A key in the token's own header is used to check it.",
        parts=verifier(TrustsEmbeddedKey),
    ),
    Defect(
        name="authn.key-fetched-from-token",
        summary="The key is fetched from the address in the token's header.",
        parts=verifier(FetchesKeys),
    ),
    Defect(
        name="authn.kid-read-as-path",
        summary="The key id is a path below a folder of secrets, and may leave it.",
        parts=_reads_key_files,
    ),
    Defect(
        name="authn.kid-ignored",
        summary="The key id is not read; the one key there is decides.",
        near_miss=True,
        parts=verifier(OneKeyWhateverItsName),
    ),
    Defect(
        name="authn.padded-token",
        summary="Tokens with base64 padding are accepted too.",
        near_miss=True,
        parts=verifier(StripsPadding),
    ),
)
