"""Claims: headers that say who is calling."""

from __future__ import annotations

from l7audit.target.persons import Facts
from l7audit_suites.authz.claims import claimed, halves, houses, of_power


def test_ids_are_claimed_with_power_and_then_names() -> None:
    first, second = claimed(Facts(("u-1", "ann"), ("t-1", "acme")))
    assert (first["X-User-Id"], first["X-Tenant-Id"], first["X-Role"]) == ("u-1", "t-1", "admin")
    assert (second["X-User-Id"], second["X-Tenant-Id"]) == ("ann", "acme")
    assert "X-Role" not in second


def test_what_a_header_cannot_carry_is_not_claimed() -> None:
    (fields,) = claimed(Facts(("\u00e9ric",), ()))
    assert "X-User-Id" not in fields
    assert fields["X-Admin"] == "true"


def test_halves_hold_every_field_once() -> None:
    fields = {"a": "1", "b": "2", "c": "3"}
    one, two = halves(fields)
    assert {**one, **two} == fields
    assert not one.keys() & two.keys()


def test_power_is_claimed_by_each_of_its_words_and_in_the_targets_own_fields() -> None:
    own = houses(["X-Acme-Key", "X-Acme-Trace", "Accept", "X-Id"])
    assert own == ("X-Acme",)
    first, second = claimed(Facts(("u-1",), ()), ("admin", "chief"), own)
    assert first["X-Acme-Role"] == first["X-Role"] == "admin"
    assert first["X-Acme-User-Id"] == "u-1"
    assert second["X-Acme-Role"] == second["X-Groups"] == "chief"
    assert not second.keys() & {"X-Admin", "X-User-Id", "X-Acme-User-Id"}


def test_power_is_claimed_in_the_fields_that_a_document_names_for_it() -> None:
    named = of_power(["X-Lodge-Access", "X-Trace", "X-Lodge-Access", "acting_group"])
    assert named == ("X-Lodge-Access", "acting_group")
    (fields,) = claimed(Facts((), ()), told=named)
    assert fields["X-Lodge-Access"] == fields["X-Role"] == "admin"
