"""Query languages beside SQL: what is looked for is a text, and no part of the query."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from l7audit.harness.check import Check
from l7audit_suites.input.ground import word
from l7audit_suites.input.hunt import free, inquire
from l7audit_suites.input.parts import reach
from l7audit_suites.input.queries import LDAP, LDAP_ERRORS, XPATH, XPATH_ERRORS, Query


def is_data(check: Check, queries: Sequence[Query], errors: re.Pattern[str], what: str) -> None:
    """Expects that texts which are looked for stay texts, with something there to be found."""
    inlets = [i for i in reach(check, stocked=True, acting=False).questions if not i.sorts]
    taking = free(check, inlets)
    check.witness("a harmless text is looked for", lambda: taking[0].ask(word()))
    inquire(check, taking, queries, errors, what)


@pytest.mark.control("INPUT-30")
def test_xpath_in_an_input_is_data(check: Check) -> None:
    what = "a condition of XPath in this input decides what is answered"
    is_data(check, XPATH, XPATH_ERRORS, what)


@pytest.mark.control("INPUT-31")
def test_a_filter_of_ldap_in_an_input_is_data(check: Check) -> None:
    what = "a filter of LDAP in this input decides what is answered"
    is_data(check, LDAP, LDAP_ERRORS, what)
