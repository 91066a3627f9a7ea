"""Pairs of XPath and LDAP: one side holds, the other does not, and the null pair is mere text."""

from __future__ import annotations

import random
from xml.etree import ElementTree

import elementpath
import pytest

from l7audit_stack.defects.input.queries import _parsed
from l7audit_suites.input.pairs import Pair
from l7audit_suites.input.queries import LDAP, LDAP_ERRORS, XPATH, XPATH_ERRORS, Query

TREE = ElementTree.fromstring("<r><a name='ann'/><a name='bob'/></r>")
PLACES = ["//a[@name='{}']", '//a[@name="{}"]', "//a[contains(@name,'{}')]",
          '//a[contains(@name,"{}")]']  # fmt: skip
FILTERS = ["(&(objectClass=a)(name={}))", "(&(objectClass=a)(name=*{}*))",
           "(|(name={})(mail={}))"]  # fmt: skip
ENTRY = {"objectClass": "a", "name": "ann", "mail": "ann"}


def found(place: str, text: str) -> int:
    try:
        nodes = elementpath.select(TREE, place.format(text), parser=elementpath.XPath1Parser)
    except elementpath.ElementPathError:
        return -1
    return len(nodes)


def fits(place: str, text: str) -> bool | None:
    try:
        return _parsed(place.replace("{}", text))(ENTRY)
    except Exception:  # noqa: BLE001 - a filter that can't be read
        return None


@pytest.mark.parametrize("place", PLACES)
def test_a_pair_tells_in_every_place_of_an_expression(place: str) -> None:
    told = [(found(place, p.true), found(place, p.false)) for p in pairs(XPATH)]
    assert (2, 0) in told


@pytest.mark.parametrize("place", PLACES)
def test_a_null_pair_of_xpath_is_a_text_that_nobody_has(place: str) -> None:
    for query in XPATH:
        _, null = query.pairs(random.Random(1), "lqword")
        assert found(place, null.true) == found(place, null.false)


@pytest.mark.parametrize("place", FILTERS)
def test_a_pair_tells_in_every_place_of_a_filter(place: str) -> None:
    told = [(fits(place, p.true), fits(place, p.false)) for p in pairs(LDAP)]
    assert (True, False) in told


@pytest.mark.parametrize("place", FILTERS)
def test_a_null_pair_of_ldap_never_tells(place: str) -> None:
    for query in LDAP:
        _, null = query.pairs(random.Random(1), "lqword")
        assert fits(place, null.true) == fits(place, null.false)


def pairs(queries: tuple[Query, ...]) -> list[Pair]:
    return [query.pairs(random.Random(1), "lqword")[0] for query in queries]


@pytest.mark.parametrize(
    ("said", "xpath", "ldap"),
    [
        ("'NAME': PosixPath('/srv/app/db.sqlite')", False, False),
        ("XPathException: unterminated literal", True, False),
        ("[XPST0003] unexpected end of source", True, False),
        ("javax.naming.directory.InvalidSearchFilterException", False, True),
        ("Bad search filter (-7)", False, True),
        ("The search can't be understood.", False, False),
    ],
)
def test_errors_are_told_by_the_name_of_their_language(said: str, xpath: bool, ldap: bool) -> None:
    assert bool(XPATH_ERRORS.search(said)) is xpath
    assert bool(LDAP_ERRORS.search(said)) is ldap
