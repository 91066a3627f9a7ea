"""Cache-Control."""

from __future__ import annotations

import pytest

from l7audit_suites.head.caching import parse, personal_fault, secret_fault


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["no-store"], {"no-store": ""}),
        (["Private , Max-Age=0", "no-cache"], {"private": "", "max-age": "0", "no-cache": ""}),
        (['private="set-cookie, x", no-cache'], {"private": "set-cookie, x", "no-cache": ""}),
        (["max-age=1, max-age=2"], {"max-age": "1"}),
        (["@@, no-store"], {"no-store": ""}),
        ([",, no-store,"], {"no-store": ""}),
        (['x="unclosed, no-store'], {"no-store": ""}),
        ([], {}),
    ],
)
def test_directives_are_read_as_caches_do(values: list[str], expected: dict[str, str]) -> None:
    assert parse(values) == expected


@pytest.mark.parametrize(
    "text",
    [
        "no-store",
        "no-store, max-age=0",
        "private",
        "Private, no-cache",
        "private, max-age=60, must-revalidate",
        "no-cache, must-revalidate",
        "no-cache",
        "max-age=0, must-revalidate",
        "public, no-store",
    ],
)
def test_what_no_shared_cache_hands_to_another_caller_is_sound(text: str) -> None:
    assert personal_fault([text]) == ""


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["public, max-age=60"],
        ["max-age=60"],
        ["s-maxage=60, no-cache"],
        ['private="x-name"'],
        ['no-cache="x-name"'],
        ["must-revalidate"],
        ["max-age=0"],
        ["no-transform"],
    ],
)
def test_what_a_shared_cache_may_hand_on_is_a_fault(values: list[str]) -> None:
    assert personal_fault(values)


def test_a_credential_needs_no_store() -> None:
    assert not secret_fault(["No-Store"])
    assert secret_fault(["private, no-cache"])
    assert secret_fault([])
