"""JSON Web Tokens taken apart and put together again (RFC 7515, 7517, 7518, 8037).

No verification happens here: an auditor has to make tokens that a sound verifier refuses.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PrivateKey = (
    ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
)
PublicKey = (
    ed25519.Ed25519PublicKey | ed448.Ed448PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey
)

MAX_CHARS = 16_384
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*\Z")
_HASHES: Mapping[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url without padding. Errors: `ValueError` for anything else."""
    if not _ALPHABET.match(text):
        raise ValueError("a character outside base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def encode_json(value: Any) -> str:
    """JSON without spaces, in base64url."""
    return encode(json.dumps(value, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class Token:
    """A compact JWS with an object as header and payload."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signature: bytes = field(repr=False)
    text: str = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The header's `alg`; empty where it is absent or no text."""
        value = self.header.get("alg")
        return value if isinstance(value, str) else ""

    @property
    def symmetric(self) -> bool:
        """Whether it is signed with a shared secret."""
        return self.algorithm.startswith("HS")

    @property
    def segments(self) -> tuple[str, str, str]:
        """Header, payload and signature as they stand in the text."""
        header, payload, signature = self.text.split(".")
        return header, payload, signature


def parse(text: str) -> Token | None:
    """The token of a text, or None where it is not a JWT in compact serialisation."""
    parts = text.split(".")
    if len(text) > MAX_CHARS or len(parts) != 3:
        return None
    try:
        header, claims = (json.loads(decode(part)) for part in parts[:2])
        signature = decode(parts[2])
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    return Token(header, claims, signature, text)


def assemble(header: Mapping[str, Any], claims: Mapping[str, Any], signature: bytes = b"") -> str:
    """A compact token with this signature, right or wrong."""
    return f"{encode_json(header)}.{encode_json(claims)}.{encode(signature)}"


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: PrivateKey | bytes) -> str:
    """A compact token, signed as the header's `alg` says.

    Errors: `ValueError` where the algorithm is unknown or does not go with the key.
    """
    signed = f"{encode_json(header)}.{encode_json(claims)}"
    return f"{signed}.{encode(signature_of(str(header['alg']), signed.encode(), key))}"


def signature_of(algorithm: str, data: bytes, key: PrivateKey | bytes) -> bytes:
    """The JWS signature of these bytes. Errors: as `sign`."""
    family, size = algorithm[:2], algorithm[2:]
    if isinstance(key, bytes):
        if family != "HS" or size not in _HASHES:
            raise ValueError(f"a shared secret does not sign {algorithm!r}")
        return hmac.new(key, data, getattr(hashlib, f"sha{size}")).digest()
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        if algorithm not in {"EdDSA", "Ed25519", "Ed448"}:
            raise ValueError(f"an Edwards key does not sign {algorithm!r}")
        return key.sign(data)
    if size not in _HASHES:
        raise ValueError(f"unknown algorithm {algorithm!r}")
    digest = _HASHES[size]()
    if isinstance(key, ec.EllipticCurvePrivateKey) and family == "ES":
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        width = (key.key_size + 7) // 8
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")
    if isinstance(key, rsa.RSAPrivateKey) and family == "RS":
        return key.sign(data, padding.PKCS1v15(), digest)
    if isinstance(key, rsa.RSAPrivateKey) and family == "PS":
        salted = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
        return key.sign(data, salted, digest)
    raise ValueError(f"this key does not sign {algorithm!r}")


def load_private(pem: str) -> PrivateKey:
    """A signing key from PEM. Errors: `ValueError` where it is none that JWS knows."""
    key = load_pem_private_key(pem.encode(), password=None)
    if isinstance(key, PrivateKey):
        return key
    raise ValueError("this key signs no JWS")
