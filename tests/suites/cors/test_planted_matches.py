"""Which strangers each planted way to match origins lets in: those that its controls try."""

from __future__ import annotations

import random

import pytest

from l7audit_stack.api.security.cors import Cors
from l7audit_stack.defects import careless_cors as careless
from l7audit_suites.cors.lattice import Family, strangers

ALLOWED = ("https://app.shop.example", "https://console.shop.example")
EVERY = set(Family)


@pytest.mark.parametrize(
    ("match", "fooled"),
    [
        (Cors, set()),
        (careless.AnyOrigin, EVERY),
        (careless.Localhost, {Family.ARBITRARY}),
        (careless.Null, {Family.NULL}),
        (careless.Prefix, {Family.LOOK_ALIKE, Family.SCHEME_OR_PORT, Family.ODD}),
        (careless.Suffix, {Family.LOOK_ALIKE, Family.ODD}),
        (careless.UnescapedDot, {Family.LOOK_ALIKE}),
        (careless.AnySubDomain, {Family.LOOK_ALIKE}),
        (careless.AnyScheme, {Family.SCHEME_OR_PORT}),
        (careless.Unanchored, {Family.SCHEME_OR_PORT, Family.ODD}),
        (careless.AnotherLibrary, set()),
        (careless.FirstOfList, set()),
    ],
)
def test_a_careless_match_is_fooled_by_certain_families(
    match: type[Cors], fooled: set[Family]
) -> None:
    policy = match(origins=frozenset(ALLOWED))
    tried = strangers(ALLOWED, "https://api.shop.example", random.Random(1))
    assert {s.family for s in tried if policy.allows(s.origin)} == fooled
    assert all(policy.allows(origin) for origin in ALLOWED)
