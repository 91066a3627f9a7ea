"""A browser's reading of CORS answers."""

from __future__ import annotations

import pytest

from l7audit.probe.answer import Headers
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.fetch_standard import Sharing

PAGE = "https://page.example"


def cors(**fields: str) -> Headers:
    return Headers((f"Access-Control-{k.replace('_', '-')}", v) for k, v in fields.items())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (cors(), Sharing.NOBODY),
        (cors(Allow_Origin=PAGE), Sharing.ANONYMOUS),
        (cors(Allow_Origin="*"), Sharing.ANONYMOUS),
        (cors(Allow_Origin=PAGE, Allow_Credentials="true"), Sharing.CREDENTIALED),
        (cors(Allow_Origin=f" {PAGE}\t", Allow_Credentials=" true "), Sharing.CREDENTIALED),
        (cors(Allow_Origin=PAGE, Allow_Credentials="True"), Sharing.ANONYMOUS),
        (cors(Allow_Origin=PAGE, Allow_Credentials="1"), Sharing.ANONYMOUS),
        (cors(Allow_Origin="*", Allow_Credentials="true"), Sharing.ANONYMOUS),
        (cors(Allow_Origin="https://other.example", Allow_Credentials="true"), Sharing.NOBODY),
        (cors(Allow_Origin=f"{PAGE}, https://other.example"), Sharing.NOBODY),
        (cors(Allow_Origin=PAGE.upper()), Sharing.NOBODY),
        (cors(Allow_Origin=f"{PAGE}/"), Sharing.NOBODY),
        (cors(Allow_Origin="null"), Sharing.NOBODY),
    ],
)
def test_an_answer_is_shared_as_the_standard_says(headers: Headers, expected: Sharing) -> None:
    assert fetch.sharing(PAGE, headers) is expected


def test_a_header_that_comes_twice_grants_nobody() -> None:
    twice = Headers([(fetch.ALLOW_ORIGIN, PAGE), (fetch.ALLOW_ORIGIN.lower(), PAGE)])
    assert fetch.sharing(PAGE, twice) is Sharing.NOBODY


def test_the_null_origin_is_granted_by_its_own_name() -> None:
    headers = cors(Allow_Origin="null", Allow_Credentials="true")
    assert fetch.sharing("null", headers) is Sharing.CREDENTIALED


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("600", 600), ("", 5), ("-1", 5), ("1h", 5), ("31536000", 31536000), ("600, 900", 5)],
)
def test_the_age_of_a_preflight_falls_back_to_five_seconds(text: str, seconds: int) -> None:
    assert fetch.max_age(cors(Max_Age=text)) == seconds


def test_a_preflight_without_an_age_is_kept_for_five_seconds() -> None:
    assert fetch.max_age(Headers()) == 5


@pytest.mark.parametrize(
    ("method", "names", "status", "headers", "credentials", "why"),
    [
        ("GET", [], 204, cors(Allow_Origin=PAGE), False, ""),
        ("POST", [], 200, cors(Allow_Origin=PAGE), False, ""),
        ("PUT", [], 200, cors(Allow_Origin=PAGE), False, "method"),
        ("PUT", [], 200, cors(Allow_Origin=PAGE, Allow_Methods="GET,PUT"), False, ""),
        ("PUT", [], 200, cors(Allow_Origin=PAGE, Allow_Methods="put"), False, "method"),
        ("PUT", [], 200, cors(Allow_Origin=PAGE, Allow_Methods="*"), False, ""),
        ("GET", [], 403, cors(Allow_Origin=PAGE), False, "status"),
        ("GET", [], None, cors(Allow_Origin=PAGE), False, "status"),
        ("GET", [], 200, cors(), False, "origin"),
        ("GET", [], 200, cors(Allow_Origin=PAGE), True, "origin"),
        ("GET", ["X-A"], 200, cors(Allow_Origin=PAGE, Allow_Headers="x-a"), False, ""),
        ("GET", ["X-A"], 200, cors(Allow_Origin=PAGE, Allow_Headers="x-b"), False, "header"),
        ("GET", ["X-A"], 200, cors(Allow_Origin=PAGE, Allow_Headers="*"), False, ""),
        (
            "GET",
            ["Authorization"],
            200,
            cors(Allow_Origin=PAGE, Allow_Headers="*"),
            False,
            "header",
        ),
        (
            "GET",
            ["X-A"],
            200,
            cors(Allow_Origin=PAGE, Allow_Credentials="true", Allow_Headers="*"),
            True,
            "header",
        ),
        ("GET", [], 200, cors(Allow_Origin=PAGE, Allow_Headers="a b"), False, "parse"),
    ],
)
def test_a_preflight_permits_what_the_standard_says(
    method: str,
    names: list[str],
    status: int | None,
    headers: Headers,
    credentials: bool,
    why: str,
) -> None:
    found = fetch.preflight_refusal(PAGE, method, names, status, headers, credentials=credentials)
    assert why in found
    assert bool(found) == bool(why)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Origin"], True),
        (["accept-encoding, ORIGIN"], True),
        (["Accept-Encoding", "origin"], True),
        (["*"], True),
        (["Accept-Encoding"], False),
        (["X-Original"], False),
        ([], False),
    ],
)
def test_vary_is_read_over_all_its_lines_without_case(lines: list[str], expected: bool) -> None:
    assert fetch.varies_by(Headers(("vary", line) for line in lines), "Origin") is expected
