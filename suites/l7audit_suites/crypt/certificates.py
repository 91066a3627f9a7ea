"""What is wrong with a certificate that a client would accept all the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

LONGEST = timedelta(days=825)
"""Longer ones are refused on Apple's platforms even under a private authority; public ones have
had to be shorter since 2020 (CA/Browser Forum, Baseline Requirements)."""

_RSA_BITS = 2048
_CURVE_BITS = 256
_BROKEN = {"md5", "sha1"}


def weaknesses(certificate: x509.Certificate) -> list[str]:
    """What is out of date in it, a few words each."""
    found = [_key(certificate), _signature(certificate), _lifetime(certificate)]
    return [text for text in found if text]


def lifetime(certificate: x509.Certificate) -> timedelta:
    """From its first moment to its last."""
    return certificate.not_valid_after_utc - certificate.not_valid_before_utc


def remaining(certificate: x509.Certificate, now: datetime) -> timedelta:
    """What is left of it; negative where it has ended."""
    return certificate.not_valid_after_utc - now


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS:
        return f"an RSA key of {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _CURVE_BITS:
        return f"a key on the curve {key.curve.name}"
    return "a DSA key" if isinstance(key, dsa.DSAPublicKey) else ""


def _signature(certificate: x509.Certificate) -> str:
    algorithm = certificate.signature_hash_algorithm
    name = algorithm.name if algorithm is not None else ""
    return f"a signature with {name.upper()}" if name in _BROKEN else ""


def _lifetime(certificate: x509.Certificate) -> str:
    span = lifetime(certificate)
    return f"a lifetime of {span.days} days" if span > LONGEST else ""
