"""The public keys that a target checks its tokens with: from its JWKS, or from what it grants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit_suites.authn.jose import PublicKey, load_private
from l7audit_suites.authn.public_keys import read_jwks, write_jwk


def issuer_keys(check: Check) -> list[tuple[Mapping[str, Any], PublicKey]]:
    """Each key with its JWK; empty where nobody can know them."""
    for surface in check.model.surfaces(Kind.JWKS, limit=1):
        found = read_jwks(check.send(surface.request()).json_or_none())
        if found:
            return found
    mint = check.target.mint
    if mint is None or mint.algorithm.startswith("HS"):
        return []
    try:
        public = load_private(mint.private_key).public_key()
    except ValueError:
        return []
    return [(write_jwk(public, mint.key_id), public)]
