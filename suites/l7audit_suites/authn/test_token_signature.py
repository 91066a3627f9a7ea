"""Tokens that nobody with the right key has signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from l7audit.harness.check import Check
from l7audit_suites.authn.encrypted import encrypted
from l7audit_suites.authn.forgeries import (
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
from l7audit_suites.authn.ground import token_ground
from l7audit_suites.authn.issuer_keys import issuer_keys
from l7audit_suites.authn.key_server import KeyServer, serving
from l7audit_suites.authn.own_keys import OwnKey, own_key
from l7audit_suites.authn.password_doors import issued_by
from l7audit_suites.authn.public_keys import secret_forms
from l7audit_suites.authn.weak_secrets import MOST_LIKELY, from_names, guess

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@pytest.mark.control("AUTHN-10")
def test_a_token_without_a_signature_is_refused(check: Check) -> None:
    ground, token = token_ground(check)
    ground.refuses(unsigned(token), "unsigned token", "A token that nobody signed is accepted")


@pytest.mark.control("AUTHN-11")
def test_a_token_whose_signature_is_wrong_is_refused(check: Check) -> None:
    ground, token = token_ground(check)
    key = own_key(token.algorithm)
    wrong = [*tampered(token), *signed_by(token, key), *null_signatures(token)]
    ground.refuses(wrong, "wrong signature", "A token with a wrong signature is accepted")


@pytest.mark.control("AUTHN-12")
def test_the_public_key_is_no_hmac_secret(check: Check) -> None:
    ground, token = token_ground(check)
    keys = issuer_keys(check)
    if not keys:
        check.not_applicable("The target has no public key that anybody could know.")
    for jwk, key in keys[:2]:
        kid = str(jwk.get("kid", "")) or str(token.header.get("kid", ""))
        ground.refuses(
            [*confused(token, secret_forms(key, jwk), kid), *encrypted(token, key)],
            "public key as a secret",
            "A token made with nothing but the public key is accepted",
        )


@pytest.mark.control("AUTHN-13")
def test_a_key_that_the_token_brings_is_not_trusted(check: Check) -> None:
    ground, token = token_ground(check)
    key = own_key(token.algorithm)
    with ExitStack() as stack:
        server = stack.enter_context(serving(key)) if _reaches_us(check) else None
        forged = [*embedded(token, key), *referring(token, key, _urls(key, server))]
        ground.refuses(forged, "key in the header", "A token is checked with its own key")
        fetched = server.fetched if server is not None else []
        check.expect(
            not fetched,
            ground.place("address of a key in the header"),
            "The target fetched a key from an address that a stranger's token named.",
            expected="no request to that address",
            seen=f"{len(fetched)} requests",
        )


@pytest.mark.control("AUTHN-14")
def test_a_key_id_leads_to_no_key_that_everybody_knows(check: Check) -> None:
    ground, token = token_ground(check)
    ground.refuses(
        [*injected(token), *odd_key_ids(token)],
        "key id",
        "A token is accepted for the sake of its key id",
    )


@pytest.mark.control("AUTHN-24")
def test_the_secret_that_signs_tokens_is_not_well_known(check: Check) -> None:
    ground, token = token_ground(check, fresh=True)
    document = check.model.document
    names = [check.target.name, document.title if document else "", str(token.claims.get("iss"))]
    found = guess(token, from_names(names))
    check.expect(
        found is None,
        issued_by(check, ground)("secret of the tokens"),
        "Tokens are signed with a secret that stands in every word list.",
        ground.good,
        expected="a random secret, or a public-key algorithm",
        seen=f"a well-known secret of {len(found or '')} characters",
    )
    if found is None:
        ground.refuses(
            guessed(token, MOST_LIKELY),
            "secret of the tokens",
            "A token signed with a well-known secret is accepted",
        )


def _reaches_us(check: Check) -> bool:
    """Whether the target can come to our own loopback address."""
    return urlsplit(check.target.base_url).hostname in _LOOPBACK


def _urls(key: OwnKey, server: KeyServer | None) -> Iterator[tuple[str, str, str]]:
    keys = base64.b64encode(json.dumps({"keys": [key.jwk]}).encode()).decode()
    yield "jku that holds the keys itself", "jku", f"data:application/json;base64,{keys}"
    if server is not None:
        yield "jku to a server of ours", "jku", server.jwks_url
        yield "x5u to a server of ours", "x5u", server.certificate_url
