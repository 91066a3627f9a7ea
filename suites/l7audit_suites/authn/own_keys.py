"""Keys of our own, for tokens that a sound verifier must not trust."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from l7audit_suites.authn.jose import PrivateKey
from l7audit_suites.authn.public_keys import write_jwk

KEY_ID = "l7audit-own-key"
_CURVES: Mapping[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A fresh key that signs with `algorithm`, as a JWK and as a self-signed certificate."""

    algorithm: str
    private: PrivateKey = field(repr=False)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half as a JWK."""
        return {**write_jwk(self.private.public_key(), KEY_ID), "alg": self.algorithm}

    def certificate(self) -> x509.Certificate:
        """A certificate for the key, signed by itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "l7audit")])
        now = datetime.datetime.now(datetime.UTC)
        edwards = isinstance(self.private, ed25519.Ed25519PrivateKey)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .sign(self.private, None if edwards else hashes.SHA256())
        )

    def x5c(self) -> list[str]:
        """The certificate as the header `x5c` carries it (RFC 7515 4.1.6)."""
        return [base64.b64encode(self.certificate().public_bytes(Encoding.DER)).decode()]


def own_key(algorithm: str) -> OwnKey:
    """A new key for an asymmetric algorithm; for any other an Ed25519 key."""
    if algorithm in _CURVES:
        return OwnKey(algorithm, ec.generate_private_key(_CURVES[algorithm]))
    if algorithm[:2] in {"RS", "PS"}:
        return OwnKey(algorithm, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return OwnKey("EdDSA", ed25519.Ed25519PrivateKey.generate())
