"""Codes that a document's own words give away."""

from __future__ import annotations

import pytest

from l7audit_suites.flow.said_codes import in_words


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        ("Redeem a coupon, for instance WELCOME5.", ["WELCOME5"]),
        ("Apply a voucher code such as `spring-2024` once per customer.", ["spring-2024"]),
        ('New customers may use "Hello10" at the checkout.', ["Hello10"]),
        ("Codes look like GIFT-10-OFF and are good ONCE.", ["GIFT-10-OFF"]),
        ("The code, as JSON over HTTP; see the `redeem` operation.", []),
        ("", []),
    ],
)
def test_what_is_written_as_codes_are_is_tried(told: str, codes: list[str]) -> None:
    assert list(in_words(told)) == codes
