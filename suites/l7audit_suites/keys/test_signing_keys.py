"""What tokens are signed with, as far as it is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit_suites.authn.ground import token_ground
from l7audit_suites.keys.published import listed, private_members, weak

_NAMELESS = "no key id"


@pytest.mark.control("KEYS-06")
def test_published_keys_are_public_strong_and_told_apart(check: Check) -> None:
    surface = check.surface(Kind.JWKS)
    _, token = token_ground(check)
    answer = check.send(surface.request())
    keys = listed(answer.json_or_none())
    if not keys:
        check.inconclusive("The published keys can't be read.")
    private = sorted({name for key in keys for name in private_members(key)})
    check.expect(
        not private,
        surface.place("private half"),
        f"The published keys hold private members: {', '.join(private)}.",
        answer,
        expected="public halves only",
        seen="whoever reads this can sign",
    )
    feeble = [why for key in keys if (why := weak(key))]
    check.expect(
        not feeble,
        surface.place("strength of a key"),
        f"A published key is too weak: {'; '.join(feeble)}.",
        answer,
        expected="RSA of 2048 bits or more, or a usual curve",
    )
    twice = [n for n, count in Counter(_id(key) for key in keys).items() if count > 1]
    check.expect(
        not twice,
        surface.place("key ids"),
        "Two published keys share an id, or have none: a verifier can't choose.",
        answer,
    )
    shared = str(token.header.get("alg", "")).startswith("HS")  # such a key is never published
    named = "" if shared else str(token.header.get("kid", ""))
    check.expect(
        not named or named in {_id(key) for key in keys},
        surface.place("key of new tokens"),
        "New tokens are signed with a key that is not published.",
        answer,
        expected="the key id of a new token among the published ones",
    )


def _id(key: Mapping[str, Any]) -> str:
    return str(key.get("kid", _NAMELESS))
