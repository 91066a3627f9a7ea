"""What is out of date in a certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from l7audit_suites.crypt.certificates import lifetime, remaining, weaknesses

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAME = x509.Name([])
CURVE = ec.generate_private_key(ec.SECP256R1())


SIGNED_WITH_SHA1 = b"""\
-----BEGIN CERTIFICATE-----
MIIBcDCCARagAwIBAgIUFwQ9QqaqaYNRF6FnZy/HfQshDH8wCQYHKoZIzj0EATAO
MQwwCgYDVQQDDANvbGQwHhcNMjYxMTI3MTkxODI4WhcNMjcwMjI1MTkxODI4WjAO
MQwwCgYDVQQDDANvbGQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQ5fyOJvMs
hJPecZYsZHJzb5KbjhQm4yNOu+ECKQBTIFYyrrhNmRwEJQTWbVkmpiJkjUX9a9Mu
KevRGtF4Tvz+o1MwUTAdBgNVHQ4EFgQU7Jxfkv2++j0HQ7EfBqnc1PcfdUwwHwYD
VR0jBBgwFoAU7Jxfkv2++j0HQ7EfBqnc1PcfdUwwDwYDVR0TAQH/BAUwAwEB/zAJ
BgcqhkjOPQQBA0kAMEYCIQCENhtA7sx6RRYrrI/498Oofc7VvqR1tD0yJ9ti6iIK
vgIhAM3sl4kwhxBZG8wpj1OaD8y/7OKpEPpKAmODTAgNAd6D
-----END CERTIFICATE-----
"""


def _made(key: Any = CURVE, days: int = 90) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=days))
    )
    return builder.sign(CURVE, hashes.SHA256())


@pytest.mark.parametrize(
    "key",
    [CURVE, rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()],
)
def test_keys_of_today_are_no_weakness(key: Any) -> None:
    assert weaknesses(_made(key)) == []


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA key of 1024"),
        (ec.generate_private_key(ec.SECP192R1()), "secp192r1"),
        (dsa.generate_private_key(1024), "DSA"),
    ],
)
def test_a_short_key_is_named(key: Any, told: str) -> None:
    (found,) = weaknesses(_made(key))
    assert told in found


def test_a_signature_that_can_be_forged_and_a_life_that_is_too_long_are_named() -> None:
    old = x509.load_pem_x509_certificate(SIGNED_WITH_SHA1)
    assert weaknesses(old) == ["a signature with SHA1"]
    assert weaknesses(_made(days=3650)) == ["a lifetime of 3650 days"]


def test_what_is_left_is_counted_from_now() -> None:
    made = _made(days=10)
    assert lifetime(made) == timedelta(days=10)
    assert remaining(made, NOW + timedelta(days=12)) == timedelta(days=-2)
