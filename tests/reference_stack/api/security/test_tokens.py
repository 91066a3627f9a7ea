"""Access tokens: each requirement of RFC 8725 refused on its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from l7audit_stack.api.security.tokens import (
    TokenIssuer,
    TokenRefusedError,
    TokenVerifier,
    public_jwk,
)

NOW = 1_800_000_000.0
OLD, NEW = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
ISSUER = TokenIssuer(
    keys={"old": OLD, "new": NEW}, issuer="https://api", audience="agents", lifetime=900
)
VERIFIER = TokenVerifier(
    keys={"old": OLD.public_key(), "new": NEW.public_key()}, issuer="https://api", audience="agents"
)


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": "https://api",
        "aud": "agents",
        "sub": "u",
        "tenant": "t",
        "iat": int(NOW),
        "nbf": int(NOW),
        "exp": int(NOW) + 60,
        "jti": "j",
    }
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not None}


def _signed(claims: dict[str, Any], header: dict[str, Any] | None = None, key: Any = NEW) -> str:
    """Signed by hand: the library would refuse to make some of these."""
    fields = {"alg": "EdDSA", "kid": "new", "typ": "at+jwt", **(header or {})}
    signed = f"{_segment(fields)}.{_segment(claims)}"
    return f"{signed}.{_text(key.sign(signed.encode()))}"


def _segment(value: Any) -> str:
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_an_issued_token_is_accepted() -> None:
    text, claims = ISSUER.issue(subject="u", tenant="t", scopes=frozenset({"b", "a"}), now=NOW)
    assert VERIFIER.verify(text, NOW) == claims
    assert claims["scope"] == "a b"


def test_the_newest_key_signs_and_older_ones_still_verify() -> None:
    text, _ = ISSUER.issue(subject="u", tenant="t", scopes=None, now=NOW)
    assert jwt.get_unverified_header(text)["kid"] == "new"
    assert VERIFIER.verify(_signed(_claims(), {"kid": "old"}, OLD), NOW)["sub"] == "u"


def test_the_published_keys_verify_a_token() -> None:
    text, _ = ISSUER.issue(subject="u", tenant="t", scopes=None, now=NOW)
    document = ISSUER.jwks()
    assert [key["kid"] for key in document["keys"]] == ["old", "new"]
    assert all("d" not in key for key in document["keys"])
    key = jwt.PyJWK(document["keys"][-1])
    unchecked: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    jwt.decode(text, key, algorithms=["EdDSA"], audience="agents", options=unchecked)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other"},
        {"iss": "https://api/"},
        {"iss": None},
        {"iss": ["https://api"]},
        {"aud": "other"},
        {"aud": ["agents", "other"]},
        {"aud": None},
        {"exp": int(NOW)},
        {"exp": None},
        {"exp": str(int(NOW) + 60)},
        {"exp": True},
        {"nbf": int(NOW) + 1},
        {"nbf": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"jti": None},
        {"jti": "x" * 300},
    ],
)
def test_a_wrong_or_missing_claim_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenRefusedError):
        VERIFIER.verify(_signed(_claims(**changes)), NOW)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "id+jwt"},
        {"kid": "unknown"},
        {"kid": "../../etc/passwd"},
        {"kid": "new' OR '1'='1"},
        {"kid": None},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": "exp"},
    ],
)
def test_a_wrong_header_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(TokenRefusedError):
        VERIFIER.verify(_signed(_claims(), header), NOW)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(algorithm: str) -> None:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": "new"}
    for signature in ("", "AAAA"):
        with pytest.raises(TokenRefusedError):
            VERIFIER.verify(f"{_segment(header)}.{_segment(_claims())}.{signature}", NOW)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(encoding: Encoding) -> None:
    secret = NEW.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "new"}
    signed = f"{_segment(header)}.{_segment(_claims())}"
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    with pytest.raises(TokenRefusedError):
        VERIFIER.verify(f"{signed}.{_text(mac)}", NOW)


def test_a_key_inside_the_token_is_not_trusted() -> None:
    own = Ed25519PrivateKey.generate()
    for header in (
        {"jwk": public_jwk("new", own.public_key())},
        {"jku": "http://127.0.0.1:9/jwks.json"},
        {"x5u": "http://127.0.0.1:9/cert.pem"},
    ):
        with pytest.raises(TokenRefusedError):
            VERIFIER.verify(_signed(_claims(), header, own), NOW)


def test_another_algorithm_is_refused_even_with_a_good_signature() -> None:
    own = generate_private_key(SECP256R1())
    text = jwt.encode(_claims(), own, algorithm="ES256", headers={"kid": "new", "typ": "at+jwt"})
    with pytest.raises(TokenRefusedError):
        VERIFIER.verify(text, NOW)


def test_a_changed_payload_or_signature_is_refused() -> None:
    head, body, signature = _signed(_claims()).split(".")
    changed = _segment({**_claims(), "sub": "admin"})
    zero = _text(bytes(64))
    for text in (f"{head}.{changed}.{signature}", f"{head}.{body}.{zero}", f"{head}.{body}."):
        with pytest.raises(TokenRefusedError):
            VERIFIER.verify(text, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "a.b.c.d.e",
        "....",
        "{}",
        "x" * 5000,
        "é.é.é",
        "[].[].[]",
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenRefusedError):
        VERIFIER.verify(text, NOW)


def test_a_token_with_characters_outside_its_alphabet_is_refused() -> None:
    text = _signed(_claims())
    head, body, signature = text.split(".")
    for bent in (f"{head}.{body}.{signature}=", f"{head}.{body}.{signature}\n", f" {text}"):
        with pytest.raises(TokenRefusedError):
            VERIFIER.verify(bent, NOW)


def test_a_second_spelling_of_the_same_signature_is_refused() -> None:
    head, body, signature = _signed(_claims()).split(".")
    # 64 bytes end in a character with four unused bits: setting one leaves the bytes the same.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = signature[:-1] + alphabet[alphabet.index(signature[-1]) | 1]
    assert twin != signature
    with pytest.raises(TokenRefusedError):
        VERIFIER.verify(f"{head}.{body}.{twin}", NOW)
