"""A published set of keys, read for what it should not hold."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit_suites.authn.jose import encode
from l7audit_suites.keys.published import keeping, listed, private_members, weak


def test_only_a_set_of_objects_is_read() -> None:
    assert listed({"keys": [{"kid": "a"}, "b", 3]}) == [{"kid": "a"}]
    assert listed([{"kid": "a"}]) == []
    assert listed({"keys": {"kid": "a"}}) == []


def test_private_members_are_named() -> None:
    assert private_members({"kty": "RSA", "n": "x", "e": "AQAB", "d": "y", "qi": "z"}) == [
        "d",
        "qi",
    ]
    assert private_members({"kty": "OKP", "x": "x", "d": ""}) == []


def _rsa(bits: int) -> dict[str, Any]:
    return {"kty": "RSA", "n": encode(((1 << bits) - 1).to_bytes(bits // 8, "big")), "e": "AQAB"}


@pytest.mark.parametrize(
    ("key", "is_weak"),
    [
        (_rsa(1024), True),
        (_rsa(2048), False),
        ({"kty": "EC", "crv": "P-256"}, False),
        ({"kty": "EC", "crv": "P-192"}, True),
        ({"kty": "OKP", "crv": "Ed25519"}, False),
        ({"kty": "AKP", "alg": "ML-DSA-44"}, False),
    ],
)
def test_a_short_key_is_weak_and_an_unknown_kind_is_not_judged(
    key: dict[str, Any], is_weak: bool
) -> None:
    assert bool(weak(key)) is is_weak


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("public, max-age=300", 300),
        ("max-age=60, s-maxage=7200", 7200),
        ("Public, MAX-AGE=31536000, immutable", 31_536_000),
        ("no-store", 0),
        ("max-age=600, no-cache", 0),
        ("private", None),
        ("", None),
    ],
)
def test_an_answer_says_for_how_long_it_may_be_kept(told: str, seconds: int | None) -> None:
    assert keeping(told) == seconds
