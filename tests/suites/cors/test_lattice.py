"""The origins that are tried against a policy."""

from __future__ import annotations

import random
import re

import pytest

from l7audit_suites.cors.lattice import (
    Family,
    Stranger,
    of_family,
    origin_of,
    same_origin_key,
    strangers,
)

APP = "https://app.shop.example"
OWN = "https://api.shop.example"


def lattice(*allowed: str, own: str = OWN, seed: int = 1) -> tuple[Stranger, ...]:
    return strangers(allowed, own, random.Random(seed))


def test_no_stranger_is_an_allowed_origin_or_the_targets_own() -> None:
    found = {same_origin_key(s.origin) for s in lattice(APP, "http://localhost:3000")}
    assert not found & {APP, "http://localhost:3000", OWN}


def test_no_origin_comes_twice() -> None:
    found = [s.origin for s in lattice(APP, "https://www.shop.example")]
    assert len(found) == len(set(found))


def test_every_family_is_there_and_comes_in_order() -> None:
    families = [s.family for s in lattice(APP)]
    assert families == sorted(families, key=list(Family).index)
    assert set(families) == set(Family)


def test_tricks_are_the_same_in_every_run_though_origins_differ() -> None:
    one, other = lattice(APP, seed=1), lattice(APP, seed=2)
    assert [s.trick for s in one] == [s.trick for s in other]
    assert {s.origin for s in one} != {s.origin for s in other}


@pytest.mark.parametrize(
    ("careless", "trick"),
    [
        (re.compile(r"https://app\.shop\.example.*"), "the allowed host continued"),
        (re.compile(r"https://.*app\.shop\.example"), "something before the allowed host"),
        (re.compile(r"https://app.shop\.example"), "another character for a dot"),
        (re.compile(r"https://app\.shop.example"), "another character for a dot"),
        (re.compile(r"https://(.+\.)?app\.shop\.example"), "a sub-domain of the allowed host"),
        (re.compile(r"https://[a-z]+\.shop\.example"), "a sibling of the allowed host"),
        (re.compile(r"https?://app\.shop\.example"), "the allowed host without TLS"),
        (re.compile(r"https://app\.shop\.example(:\d+)?"), "another port of the allowed host"),
        (re.compile(r"https://app\.shop\.example([^a-z0-9.-].*)?"), "encoded backtick"),
        (re.compile(r".*https://app\.shop\.example"), "the allowed origin as path"),
    ],
)
def test_each_careless_match_is_fooled_by_the_trick_that_it_is_known_for(
    careless: re.Pattern[str], trick: str
) -> None:
    assert any(careless.fullmatch(s.origin) for s in lattice(APP) if trick in s.trick)


def test_an_exact_list_is_fooled_by_none() -> None:
    assert not [s for s in lattice(APP) if s.origin in {APP}]


def test_without_allowed_origins_the_targets_own_is_imitated() -> None:
    alike = of_family(lattice(own="https://127.0.0.1:8443"), Family.LOOK_ALIKE)
    assert alike
    assert all("127.0.0.1" in s.origin for s in alike)


def test_an_address_of_version_six_keeps_its_brackets() -> None:
    alike = of_family(lattice(own="https://[::1]:8443"), Family.SCHEME_OR_PORT)
    assert "http://[::1]:8443" in {s.origin for s in alike}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://A.example:443/x?y", "https://a.example"),
        ("http://a.example:8080", "http://a.example:8080"),
        ("https://user:pw@a.example/", "https://a.example"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_the_origin_of_a_url_is_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("allowed", [(), (APP,), (APP, "https://admin.shop.example")])
def test_six_grounds_make_a_sample_that_demonstrates_the_promise(allowed: tuple[str, ...]) -> None:
    assert 6 * len(lattice(*allowed)) >= 300
