from __future__ import annotations

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from l7audit_suites.authn.jose import assemble, decode, encode, load_private, parse, sign
from l7audit_suites.authn.own_keys import own_key
from l7audit_suites.authn.public_keys import read_jwk, read_jwks, secret_forms, write_jwk

CLAIMS = {"sub": "alice", "n": 1}


@pytest.mark.parametrize(
    "algorithm", ["EdDSA", "ES256", "ES384", "ES512", "RS256", "RS512", "PS256"]
)
def test_a_signed_token_is_accepted_by_an_independent_library(algorithm: str) -> None:
    key = own_key(algorithm)
    text = sign({"alg": algorithm, "typ": "JWT"}, CLAIMS, key.private)
    public = key.private.public_key()
    assert jwt.decode(text, public, algorithms=[algorithm], options={"verify_sub": False}) == CLAIMS


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_shared_secret_signs_as_an_independent_library_does(algorithm: str) -> None:
    secret = b"x" * 64
    assert jwt.decode(sign({"alg": algorithm}, CLAIMS, secret), secret, [algorithm]) == CLAIMS


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES1", "EdDSA "])
def test_a_key_does_not_sign_what_it_cannot(algorithm: str) -> None:
    with pytest.raises(ValueError, match=r"sign|algorithm"):
        sign({"alg": algorithm}, CLAIMS, own_key("EdDSA").private)


def test_a_token_is_parsed_into_what_it_was_made_of() -> None:
    token = parse(assemble({"alg": "EdDSA", "kid": "k"}, CLAIMS, b"signature"))
    assert token is not None
    assert (token.header["kid"], token.claims, token.signature) == ("k", CLAIMS, b"signature")
    assert (token.algorithm, token.symmetric) == ("EdDSA", False)
    assert ".".join(token.segments) == token.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c.d",
        "!!.e30.x",
        f"{encode(b'[]')}.{encode(b'{}')}.",
        f"{encode(b'{}')}.{encode(b'1')}.",
        f"{encode(b'[' * 9000)}.{encode(b'{}')}.",
        f"{encode(b'{}')}.{encode(b'{}')}." + "A" * 20_000,
    ],
)
def test_what_is_no_compact_jws_is_not_parsed(text: str) -> None:
    assert parse(text) is None


def test_base64url_is_read_strictly() -> None:
    assert decode(encode(b"\xff\xfe")) == b"\xff\xfe"
    for wrong in ("_-8=", "a+b/", "a b", "ab\n", "a"):
        with pytest.raises(ValueError, match="base64url"):
            decode(wrong)


def test_a_signing_key_is_loaded_from_pem_and_others_are_not() -> None:
    private = own_key("ES256").private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert load_private(pem).public_key() == private.public_key()
    with pytest.raises(ValueError, match=r"PEM|load|key"):
        load_private("not a key")


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "ES512", "RS256"])
def test_a_public_key_survives_the_way_through_a_jwk(algorithm: str) -> None:
    public = own_key(algorithm).private.public_key()
    assert read_jwk(write_jwk(public, "k")) == public


def test_unreadable_and_encryption_keys_of_a_jwks_are_left_out() -> None:
    good = own_key("EdDSA").jwk
    other = {**own_key("RS256").jwk, "use": "enc"}
    odd = [{"kty": "OKP"}, {"kty": "EC", "crv": "P-1", "x": "", "y": ""}, "text", {"kty": "oct"}]
    assert [jwk for jwk, _ in read_jwks({"keys": [*odd, other, good]})] == [good]
    assert read_jwks([]) == []
    assert read_jwks({"keys": None}) == []


def test_a_public_key_has_every_writing_a_verifier_may_hold() -> None:
    key = own_key("EdDSA")
    forms = dict(secret_forms(key.private.public_key(), key.jwk))
    pem = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert forms["PEM"] == pem
    assert len(forms["raw bytes"]) == 32
    assert forms["JWK"].startswith(b'{"kty":"OKP"')
    assert len(set(forms.values())) == len(forms)


def test_a_certificate_of_our_own_holds_our_key() -> None:
    for algorithm in ("EdDSA", "ES256"):
        key = own_key(algorithm)
        assert key.certificate().public_key() == key.private.public_key()
        assert len(key.x5c()) == 1
