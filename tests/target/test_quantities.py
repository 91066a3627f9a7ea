"""Which numbers say how much or how many."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit.target import quantities

WHOLE: dict[str, Any] = {"type": "integer"}


@pytest.mark.parametrize(
    "name", ["amount", "quantity", "creditsToGive", "priceCents", "seats", "pence", "giftStamps"]
)
def test_a_number_of_that_name_says_how_much(name: str) -> None:
    assert quantities.is_amount(name, WHOLE)


@pytest.mark.parametrize(
    "name", ["temperature", "latitude", "price_adjustment", "offset_minutes", "page", "account_id"]
)
def test_a_number_that_may_be_less_than_nothing_is_no_amount(name: str) -> None:
    assert not quantities.is_amount(name, WHOLE)


def test_a_schema_that_admits_less_than_nothing_is_believed() -> None:
    assert not quantities.is_amount("amount", {"type": "integer", "minimum": -100})
    assert not quantities.is_amount("amount", {"type": "string"})
    assert quantities.is_amount("amount", {"type": "string", "format": "decimal"})


@pytest.mark.parametrize(
    "name", ["shelf", "degrees", "levels", "coordinates", "offsets", "ids", "status", "address"]
)
def test_a_plural_that_says_how_far_or_which_counts_nothing(name: str) -> None:
    assert not quantities.counts_things(name, WHOLE)


def test_what_counts_may_not_be_less_than_nothing_by_its_own_schema() -> None:
    assert not quantities.counts_things("crates", {"type": "integer", "minimum": -5})
    assert not quantities.counts_things("crates", {"type": "string"})
    assert not quantities.counts_things("crates", {"type": "integer", "enum": [1, 2]})
