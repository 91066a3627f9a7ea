"""Public keys of token issuers: read from a JWKS, and written in every form a verifier may hold.

The forms matter for one attack: a verifier that takes its public key for an HMAC secret uses the
very bytes of its configuration.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from l7audit_suites.authn.jose import PublicKey, decode, encode

MOST_KEYS = 8
_CURVES: Mapping[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}


def read_jwks(document: Any) -> list[tuple[Mapping[str, Any], PublicKey]]:
    """The signing keys of a JWKS with their JWK; what can't be read is left out."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found: list[tuple[Mapping[str, Any], PublicKey]] = []
    for jwk in listed[:MOST_KEYS] if isinstance(listed, list) else []:
        if isinstance(jwk, dict) and jwk.get("use", "sig") == "sig":
            try:
                found.append((jwk, read_jwk(jwk)))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
    return found


def read_jwk(jwk: Mapping[str, Any]) -> PublicKey:
    """The public key of a JWK. Errors: `ValueError`, `KeyError` or `TypeError` for others."""
    kind = jwk["kty"]
    if kind == "OKP":
        raw = decode(jwk["x"])
        if jwk["crv"] == "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(raw)
        return ed448.Ed448PublicKey.from_public_bytes(raw)
    if kind == "EC":
        x, y = (int.from_bytes(decode(jwk[name]), "big") for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, _CURVES[jwk["crv"]]).public_key()
    if kind == "RSA":
        n, e = (int.from_bytes(decode(jwk[name]), "big") for name in ("n", "e"))
        return rsa.RSAPublicNumbers(e, n).public_key()
    raise ValueError(f"a key of kind {kind!r} has no public half")


def write_jwk(key: PublicKey, kid: str) -> dict[str, str]:
    """The JWK of a public key."""
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        curve = "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "Ed448"
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": curve, "x": encode(raw), "kid": kid, "use": "sig"}
    if isinstance(key, ec.EllipticCurvePublicKey):
        width = (key.key_size + 7) // 8
        point = key.public_numbers()
        name = next(n for n, curve in _CURVES.items() if curve.name == key.curve.name)
        return {
            "kty": "EC",
            "crv": name,
            "x": encode(point.x.to_bytes(width, "big")),
            "y": encode(point.y.to_bytes(width, "big")),
            "kid": kid,
            "use": "sig",
        }
    numbers = key.public_numbers()
    n, e = (v.to_bytes((v.bit_length() + 7) // 8, "big") for v in (numbers.n, numbers.e))
    return {"kty": "RSA", "n": encode(n), "e": encode(e), "kid": kid, "use": "sig"}


def secret_forms(
    key: PublicKey, jwk: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Every writing of a public key that may end up as an HMAC secret, with its name."""
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    yield "PEM", pem
    yield "PEM without its last line break", pem.rstrip(b"\n")
    yield "DER", der
    yield "base64 of DER", base64.b64encode(der)
    if isinstance(key, rsa.RSAPublicKey):
        yield "PKCS#1 PEM", key.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
        yield "PKCS#1 DER", key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        yield "raw bytes", raw
        yield "hex of the raw bytes", raw.hex().encode()
        yield "base64url of the raw bytes", encode(raw).encode()
    if jwk is not None:
        yield "JWK", json.dumps(jwk, separators=(",", ":")).encode()
        yield "JWK with spaces", json.dumps(jwk).encode()
