"""The planted token verifiers against the suite's forgeries, without a server between them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from l7audit.model import Mint
from l7audit_stack.api.parts import Parts, production_parts
from l7audit_stack.api.provision import provision
from l7audit_stack.api.security.tokens import TokenRefusedError
from l7audit_stack.api.settings import Settings
from l7audit_stack.defects.authn import DEFECTS
from l7audit_stack.defects.authn import claims as planted_claims
from l7audit_stack.defects.authn import issuers as planted_issuers
from l7audit_stack.defects.authn import signatures as planted_signatures
from l7audit_suites.authn.claims import Clones
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
from l7audit_suites.authn.jose import Token, parse
from l7audit_suites.authn.key_server import serving
from l7audit_suites.authn.malformed import flattened, malformed, outside_alphabet
from l7audit_suites.authn.own_keys import own_key
from l7audit_suites.authn.public_keys import secret_forms
from l7audit_suites.authn.weak_secrets import MOST_LIKELY, guess

OURS = own_key("EdDSA")

FAMILIES_THAT_SHOW = {
    "authn.alg-none": {"unsigned"},
    "authn.alg-none-by-casing": {"unsigned"},
    "authn.signature-ignored": {"wrong signature", "own key", "key id"},
    "authn.empty-signature": {"wrong signature"},
    "authn.null-signature": {"wrong signature"},
    "authn.hmac-confusion": {"public key"},
    "authn.embedded-key-trusted": {"own key"},
    "authn.key-fetched-from-token": {"own key"},
    "authn.kid-read-as-path": {"key id"},
    "authn.expiry-ignored": {"expired"},
    "authn.expiry-zero-never-ends": {"expired"},
    "authn.expiry-optional": {"incomplete"},
    "authn.not-before-ignored": {"early"},
    "authn.audience-ignored": {"audience"},
    "authn.audience-by-prefix": {"audience"},
    "authn.issuer-ignored": {"issuer"},
    "authn.issuer-by-prefix": {"issuer"},
    "authn.type-ignored": {"type"},
    "authn.critical-ignored": {"critical"},
    "authn.odd-characters-dropped": {"malformed"},
    "authn.weak-hmac-secret": {"guessed"},
}
NOT_SHOWN_BY_ACCEPTING = {
    "authn.malformed-token-breaks",
    "authn.token-for-a-month",
    "authn.token-for-a-working-day",
}
TOKEN_DEFECTS = {
    d.name: d
    for d in (*planted_claims.DEFECTS, *planted_issuers.DEFECTS, *planted_signatures.DEFECTS)
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    folder: Path = tmp_path_factory.mktemp("secrets")
    provision(folder)
    settings = Settings(
        level="development",
        database_url="postgresql://nobody@127.0.0.1:1/none",
        store_url="redis://127.0.0.1:1",
        public_url="https://127.0.0.1:8443",
        secrets_dir=folder,
    )
    return production_parts(settings)


def issued(parts: Parts) -> Token:
    text, _ = parts.issuer.issue(subject="somebody", tenant="t", scopes=None, now=time.time())
    token = parse(text)
    assert token is not None
    return token


def families(parts: Parts, clean: Parts, jwks_url: str) -> dict[str, list[Forgery]]:
    """Every forgery of the suite by what it tries, made of a token that these parts issue."""
    token = issued(parts)
    kid, key = list(clean.issuer.keys.items())[-1]
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    clones = Clones.of(token, Mint(key_id=kid, algorithm="EdDSA", private_key=pem))
    now = time.time()
    urls = [("jku to a server of ours", "jku", jwks_url)]
    found: dict[str, Iterable[Forgery]] = {
        "unsigned": unsigned(token),
        "wrong signature": [*tampered(token), *null_signatures(token), *signed_by(token, OURS)],
        "public key": confused(token, secret_forms(key.public_key()), kid),
        "own key": [*embedded(token, OURS), *referring(token, OURS, iter(urls))],
        "key id": [*injected(token), *odd_key_ids(token)],
        "guessed": guessed(token, MOST_LIKELY),
        "malformed": [*malformed(token), *outside_alphabet(token), *flattened(token)],
        "expired": clones.expired(now),
        "early": clones.early(now),
        "audience": clones.foreign_audience(),
        "issuer": clones.foreign_issuer(),
        "type": clones.foreign_type(),
        "critical": clones.critical(),
        "incomplete": clones.incomplete(),
    }
    return {name: list(forgeries) for name, forgeries in found.items()}


def accepts(parts: Parts, text: str) -> bool:
    try:
        parts.tokens.verify(text, time.time())
    except TokenRefusedError:
        return False
    return True


def shown_by(parts: Parts, clean: Parts) -> set[str]:
    """The families of which at least one forgery is accepted."""
    with serving(OURS) as server:
        tried = families(parts, clean, server.jwks_url)
        return {name for name, fs in tried.items() if any(accepts(parts, f.text) for f in fs)}


def planted(name: str, clean: Parts) -> Parts:
    swap = TOKEN_DEFECTS[name].parts
    assert swap is not None
    return swap(clean)


def test_the_clean_verifier_refuses_all_of_it(parts: Parts) -> None:
    assert shown_by(parts, parts) == set()


@pytest.mark.parametrize("name", sorted(FAMILIES_THAT_SHOW))
def test_a_defect_shows_in_its_own_family_of_forgeries_alone(name: str, parts: Parts) -> None:
    defective = planted(name, parts)
    assert accepts(defective, issued(defective).text)
    assert shown_by(defective, parts) == FAMILIES_THAT_SHOW[name]


@pytest.mark.parametrize("name", sorted(n for n, d in TOKEN_DEFECTS.items() if d.near_miss))
def test_a_near_miss_accepts_no_forgery(name: str, parts: Parts) -> None:
    harmless = planted(name, parts)
    assert accepts(harmless, issued(harmless).text)
    assert shown_by(harmless, parts) == set()


def test_every_planted_verifier_is_tried_here() -> None:
    near = {n for n, d in TOKEN_DEFECTS.items() if d.near_miss}
    assert set(TOKEN_DEFECTS) == set(FAMILIES_THAT_SHOW) | near | NOT_SHOWN_BY_ACCEPTING


def test_a_secret_out_of_a_tutorial_is_guessed_and_a_derived_one_is_not(parts: Parts) -> None:
    assert guess(issued(planted("authn.weak-hmac-secret", parts))) is not None
    assert guess(issued(planted("authn.strong-hmac-beside", parts))) is None


def test_no_two_defects_share_a_name_and_each_has_a_sentence() -> None:
    assert len({d.name for d in DEFECTS}) == len(DEFECTS)
    assert all(d.summary.endswith(".") and d.name.startswith("authn.") for d in DEFECTS)
