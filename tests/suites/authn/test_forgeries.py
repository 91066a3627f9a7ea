from __future__ import annotations

import hmac
import itertools
import json
import random
import time
from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from l7audit_suites.authn.api_keys import altered
from l7audit_suites.authn.encrypted import encrypted
from l7audit_suites.authn.forgeries import (
    Forgery,
    confused,
    embedded,
    guessed,
    injected,
    null_signatures,
    odd_key_ids,
    referring,
    signed_by,
    tampered,
    unsigned,
)
from l7audit_suites.authn.jose import Token, decode, parse, sign
from l7audit_suites.authn.malformed import flattened, malformed, outside_alphabet
from l7audit_suites.authn.own_keys import own_key
from l7audit_suites.authn.public_keys import secret_forms
from l7audit_suites.authn.weak_secrets import WEAK_SECRETS, guess

ISSUER = own_key("EdDSA")
OURS = own_key("EdDSA")


def real() -> Token:
    now = int(time.time())
    claims = {"iss": "i", "aud": "a", "sub": "alice", "iat": now, "exp": now + 600}
    token = parse(sign({"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"}, claims, ISSUER.private))
    assert token is not None
    return token


def everything() -> Iterator[Forgery]:
    token = real()
    public = ISSUER.private.public_key()
    yield from unsigned(token)
    yield from tampered(token)
    yield from null_signatures(token)
    yield from confused(token, secret_forms(public))
    yield from signed_by(token, OURS)
    yield from embedded(token, OURS)
    yield from referring(token, OURS, iter([("jku of ours", "jku", "https://x.example/k")]))
    yield from injected(token)
    yield from odd_key_ids(token)
    yield from guessed(token, WEAK_SECRETS[:3])
    yield from malformed(token)
    yield from outside_alphabet(token)
    yield from flattened(token)
    yield from encrypted(token, public)


def test_a_sound_verifier_refuses_every_forgery() -> None:
    token = real()
    key = ISSUER.private.public_key()
    assert jwt.decode(token.text, key, algorithms=["EdDSA"], audience="a")["sub"] == "alice"
    for forgery in everything():
        with pytest.raises(jwt.PyJWTError):
            jwt.decode(forgery.text, key, algorithms=["EdDSA"], audience="a")


def test_forgeries_have_different_names_that_hold_no_secret() -> None:
    names = [f.name for f in everything() if f.name != "a well-known HMAC secret"]
    assert len(names) == len(set(names))
    assert all(len(name) < 60 for name in names)


def test_a_forgery_fits_into_a_header() -> None:
    for forgery in everything():
        assert forgery.text.isascii()
        assert "\n" not in forgery.text
        assert len(forgery.text) < 8000


def test_a_forgery_is_not_shown_by_its_repr() -> None:
    assert real().text not in repr(real())
    assert repr(Forgery("n", "secret")) == "Forgery(name='n')"


def test_unsigned_tokens_keep_the_claims_and_carry_every_casing() -> None:
    token = real()
    parsed = [parse(f.text) for f in unsigned(token)]
    assert all(p is None or p.claims == token.claims for p in parsed)
    assert {"none", "None", "NONE", "nOnE"} <= {p.algorithm for p in parsed if p is not None}


def test_tampering_changes_bytes_and_not_only_unused_bits() -> None:
    token = real()
    for forgery in tampered(token):
        other = parse(forgery.text)
        assert other is None or (other.signature, other.header, other.claims) != (
            token.signature,
            token.header,
            token.claims,
        )


def test_confused_tokens_are_rightly_signed_for_a_verifier_that_confuses() -> None:
    public = ISSUER.private.public_key()
    for forgery, (_, secret) in zip(
        confused(real(), secret_forms(public)), secret_forms(public), strict=True
    ):
        # By hand, since a good library takes no public key for a secret.
        signed, _, signature = forgery.text.rpartition(".")
        assert hmac.digest(secret, signed.encode(), "sha256") == decode(signature)


def test_an_embedded_key_verifies_its_own_token() -> None:
    forged = parse(next(embedded(real(), OURS)).text)
    assert forged is not None
    key = jwt.PyJWK(dict(forged.header["jwk"]), "EdDSA")
    assert jwt.decode(forged.text, key, ["EdDSA"], audience="a")["sub"] == "alice"


def test_a_well_known_secret_is_guessed_and_a_strong_one_is_not() -> None:
    weak = parse(sign({"alg": "HS384"}, {"sub": "a"}, b"your-256-bit-secret"))
    strong = parse(sign({"alg": "HS256"}, {"sub": "a"}, random.Random(1).randbytes(32)))
    assert weak is not None
    assert strong is not None
    assert guess(weak) == "your-256-bit-secret"
    assert guess(strong) is None
    assert guess(real()) is None


def test_a_payload_wrapped_for_an_rsa_key_opens_with_it() -> None:
    issuer = own_key("RS256").private
    assert isinstance(issuer, rsa.RSAPrivateKey)
    names = [f.name for f in encrypted(real(), issuer.public_key())]
    assert "JWE for the issuer's public key" in names
    assert all(f.text.count(".") == 4 for f in encrypted(real(), issuer.public_key()))


def test_json_serialisations_hold_the_real_signature() -> None:
    first = json.loads(next(flattened(real())).text)
    again = f"{first['protected']}.{first['payload']}.{first['signature']}"
    assert parse(again) is not None


@pytest.mark.parametrize(
    "key",
    [
        "l7_0123456789abcdef_Zk3vQ9-wq_Jx1Pl7Rt5Yu8Io2As4Df6Gh0Jk1Lz3Xc5V",
        "8f14e45fceea167a5a36dedd4bea2543",
        "6F9619FF-8B86-D011-B42D-00C04FC964FF",
        "sk-proj-AbCdEf123456",
        "________",
    ],
)
def test_an_altered_key_is_never_the_real_one(key: str) -> None:
    for seed in range(20):
        for forgery in altered(key, random.Random(seed)):
            assert forgery.text != key, forgery.name
            assert forgery.text


def test_the_case_of_a_key_is_changed_only_where_it_can_matter() -> None:
    mixed = [f.name for f in altered("AbCdEf123456", random.Random(1))]
    hexadecimal = [f.name for f in altered("8f14e45fceea167a", random.Random(1))]
    assert "upper and lower case swapped" in mixed
    assert "upper and lower case swapped" not in hexadecimal


def test_the_last_character_of_a_key_is_never_changed_alone() -> None:
    key = "l7_0123456789abcdef_Zk3vQ9-wq_Jx1Pl7Rt5Yu8Io2As4Df6Gh0Jk1Lz3Xc5V"
    for seed, forgery in itertools.product(range(5), ("one character changed",)):
        found = next(f for f in altered(key, random.Random(seed)) if f.name == forgery)
        assert found.text[-1] == key[-1]
        assert sum(a != b for a, b in zip(found.text, key, strict=True)) == 1
