"""What may happen once."""

from __future__ import annotations

import jwt
import pytest

from l7audit.probe.request import Auth
from l7audit_suites.pen.test_once import dated

KEY = "k" * 32


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (jwt.encode({"sub": "7", "iat": 1_800_000_000}, KEY), True),
        (jwt.encode({"sub": "7"}, KEY), False),
        ("f3a9c8e7b6d5a4f3e2d1c0b9a8f7e6d5", False),
    ],
)
def test_a_token_tells_the_second_of_its_making_where_it_is_signed_and_says_so(
    token: str, told: bool
) -> None:
    assert dated(Auth.bearer(token)) is told
