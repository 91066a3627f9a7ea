from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from l7audit.model import Mint
from l7audit_suites.authn.claims import Clones, lifetime
from l7audit_suites.authn.forgeries import Forgery
from l7audit_suites.authn.jose import Token, assemble, parse
from l7audit_suites.authn.own_keys import own_key

ISSUER = own_key("EdDSA")
PEM = ISSUER.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
NOW = int(time.time())
REAL = {"iss": "https://i.example", "aud": "api", "sub": "a", "iat": NOW, "exp": NOW + 600}


def clones(claims: Mapping[str, Any] = REAL, typ: str = "at+jwt") -> Clones:
    token = parse(assemble({"alg": "EdDSA", "typ": typ, "kid": "old"}, claims, b"x"))
    assert token is not None
    return Clones.of(token, Mint(key_id="k1", algorithm="EdDSA", private_key=PEM))


def verify(text: str) -> Token:
    """The token with its signature checked and nothing else."""
    jwt.decode(
        text,
        ISSUER.private.public_key(),
        algorithms=["EdDSA"],
        options={
            "verify_aud": False,
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iss": False,
            "verify_sub": False,
        },
    )
    token = parse(text)
    assert token is not None
    return token


def test_a_faithful_clone_has_the_real_claims_under_the_granted_key() -> None:
    token = verify(clones().text())
    assert token.claims == REAL
    assert token.header == {"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"}


@pytest.mark.parametrize(
    ("family", "changed"),
    [
        (lambda c: c.expired(NOW), {"exp"}),
        (lambda c: c.early(NOW), {"nbf", "exp"}),
        (lambda c: c.foreign_audience(), {"aud"}),
        (lambda c: c.foreign_issuer(), {"iss"}),
        (lambda c: c.incomplete(), {"exp", "sub"}),
    ],
)
def test_only_the_one_claim_is_wrong_and_the_signature_is_right(
    family: Callable[[Clones], Iterator[Forgery]], changed: set[str]
) -> None:
    forgeries = list(family(clones()))
    assert forgeries
    for forgery in forgeries:
        token = verify(forgery.text)
        wrong = {n for n in {*REAL, *token.claims} if token.claims.get(n, ...) != REAL.get(n, ...)}
        assert wrong, forgery.name
        assert wrong <= changed, forgery.name


def test_every_expired_clone_lies_an_hour_back_or_more() -> None:
    ends = [verify(f.text).claims["exp"] for f in clones().expired(NOW)]
    assert max(ends) <= NOW - 3600
    assert 0 in ends


def test_a_type_is_only_wrong_where_the_real_tokens_say_their_type() -> None:
    assert {verify(f.text).header["typ"] for f in clones().foreign_type()} >= {"JWT", "id+jwt"}
    assert not list(clones(typ="JWT").foreign_type())
    used = clones({**REAL, "token_use": "access"}, typ="JWT")
    assert [verify(f.text).claims["token_use"] for f in used.foreign_type()] == ["refresh"]


def test_an_extension_is_marked_critical_and_is_there() -> None:
    header = parse(next(clones().critical()).text)
    assert header is not None
    assert header.header["crit"][0] in header.header


def test_a_key_that_does_not_fit_its_algorithm_is_told_at_once() -> None:
    token = parse(assemble({"alg": "RS256"}, REAL, b"x"))
    assert token is not None
    with pytest.raises(ValueError, match="Edwards"):
        Clones.of(token, Mint(key_id="", algorithm="RS256", private_key=PEM))


@pytest.mark.parametrize(
    ("claims", "seconds"),
    [
        ({"iat": 10, "exp": 70}, 60.0),
        ({"nbf": 10, "exp": 70}, 60.0),
        ({"exp": 70}, None),
        ({"iat": 10}, None),
        ({"iat": True, "exp": 70}, None),
        ({"iat": "10", "exp": "70"}, None),
    ],
)
def test_a_lifetime_runs_from_issue_to_expiry(
    claims: dict[str, Any], seconds: float | None
) -> None:
    token = parse(assemble({"alg": "x"}, claims))
    assert token is not None
    assert lifetime(token) == seconds
