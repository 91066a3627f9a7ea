"""Content-Security-Policy and framing."""

from __future__ import annotations

import pytest

from l7audit_suites.head.content_policy import (
    api_fault,
    framing_fault,
    page_fault,
    parse,
)


def test_directives_have_no_case_and_the_first_of_two_counts() -> None:
    assert parse(["Default-Src 'none'; default-src *", ""]) == [{"default-src": ("'none'",)}]


def test_commas_and_fields_start_further_policies() -> None:
    assert len(parse(["default-src 'none', img-src *", "sandbox"])) == 3


@pytest.mark.parametrize(
    "values",
    [
        ["default-src 'none'"],
        ["DEFAULT-SRC 'NONE'; frame-ancestors 'none'"],
        ["default-src"],
        ["sandbox"],
        ["sandbox allow-forms; default-src 'self'"],
        ["script-src 'none'; object-src 'none'"],
        ["script-src 'none'", "object-src 'none'"],
        ["default-src 'self'", "default-src 'none'"],
    ],
)
def test_what_runs_nothing_is_strict_enough_for_data(values: list[str]) -> None:
    assert api_fault(values) == ""


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["default-src 'self'"],
        ["default-src * 'unsafe-inline'"],
        ["frame-ancestors 'none'"],
        ["sandbox allow-scripts"],
        ["script-src 'none'"],
        ["default-src 'none'; script-src 'self'"],
        ["default-src 'none' https://cdn.example"],
    ],
)
def test_what_may_run_or_embed_something_is_a_fault(values: list[str]) -> None:
    assert api_fault(values)


@pytest.mark.parametrize(
    "values",
    [
        ["default-src 'none'"],
        ["script-src 'self' https://cdn.example"],
        ["script-src 'nonce-abc' 'unsafe-inline'"],
        ["script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'"],
        ["default-src 'self'; style-src 'unsafe-inline'"],
        ["default-src *", "script-src 'self'"],
        ["sandbox"],
    ],
)
def test_a_page_that_runs_no_injected_script_is_sound(values: list[str]) -> None:
    assert page_fault(values) == ""


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["img-src 'self'"],
        ["default-src 'self' 'unsafe-inline'"],
        ["script-src *"],
        ["script-src 'self' data:"],
        ["script-src 'nonce-abc' https:"],
        ["script-src 'self'; script-src-attr 'unsafe-inline'"],
    ],
)
def test_a_page_that_runs_injected_scripts_is_at_fault(values: list[str]) -> None:
    assert page_fault(values)


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ([], ["DENY"]),
        ([], ["sameorigin"]),
        (["frame-ancestors 'none'"], []),
        (["frame-ancestors 'self' https://portal.example"], ["ALLOWALL"]),
        ([], ["DENY", "SAMEORIGIN"]),
    ],
)
def test_either_header_keeps_others_from_framing(policy: list[str], options: list[str]) -> None:
    assert framing_fault(policy, options) == ""


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ([], []),
        (["default-src 'none'"], []),
        (["frame-ancestors *"], ["DENY"]),
        (["frame-ancestors https:"], []),
        ([], ["ALLOW-FROM https://portal.example"]),
        ([], ["ALLOWALL"]),
    ],
)
def test_what_browsers_ignore_keeps_nobody_from_framing(
    policy: list[str], options: list[str]
) -> None:
    assert framing_fault(policy, options)
