"""What is made of the answers to origins."""

from __future__ import annotations

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.cors import judgement

PAGE = "https://page.example"
VARY = ("Vary", "Origin")


def headers(origin: str = "", credentials: str = "", *more: tuple[str, str]) -> Headers:
    pairs = [("Access-Control-Allow-Origin", origin)] if origin else []
    pairs += [("Access-Control-Allow-Credentials", credentials)] if credentials else []
    return Headers([*pairs, *more])


def answer(status: int | None = 200, body: bytes = b"", found: Headers | None = None) -> Answer:
    return Answer(Request("GET", "/"), status=status, body=body, headers=found or Headers())


@pytest.mark.parametrize(
    ("granted", "credentials", "public", "listed", "wrong"),
    [
        ("", "", False, True, False),
        (PAGE, "true", False, False, True),
        (PAGE, "true", True, False, True),
        (PAGE, "", False, True, True),
        (PAGE, "", False, False, False),
        (PAGE, "", True, True, False),
        ("*", "", True, True, False),
        ("*", "", False, True, True),
        ("*", "true", True, True, False),
        ("https://other.example", "true", False, True, False),
    ],
)
def test_a_stranger_is_granted_too_much(
    granted: str, credentials: str, public: bool, listed: bool, wrong: bool
) -> None:
    fault = judgement.refusal_fault(
        PAGE, headers(granted, credentials), data_is_public=public, listed=listed
    )
    assert bool(fault) is wrong


@pytest.mark.parametrize(
    ("granted", "credentials", "wrong"),
    [
        (PAGE, "true", False),
        (PAGE, "", False),
        (PAGE, "false", False),
        ("*", "", False),
        (PAGE, "True", True),
        (PAGE, "1", True),
        (f"{PAGE}, https://b.example", "true", True),
        ("https://b.example", "true", True),
        ("", "", True),
    ],
)
def test_an_allowed_origin_is_granted_in_no_usable_form(
    granted: str, credentials: str, wrong: bool
) -> None:
    assert bool(judgement.grant_fault(PAGE, headers(granted, credentials))) is wrong


def test_the_wildcard_beside_credentials_is_found() -> None:
    assert judgement.wildcard_fault(headers("*", "true"))
    assert not judgement.wildcard_fault(headers("*"))
    assert not judgement.wildcard_fault(headers(PAGE, "true"))


@pytest.mark.parametrize(
    ("success", "error", "wrong"),
    [
        (headers(PAGE, "true", VARY), headers(PAGE, "true", VARY), False),
        (headers("", "", VARY), headers("", "", VARY), False),
        (headers(), headers(), False),
        (headers("", "", VARY), headers(), True),
        (headers(PAGE, "true", VARY), headers("", "", VARY), True),
        (headers("", "", VARY), headers("*", "", VARY), True),
        (headers(PAGE, "", VARY), headers(PAGE, "true", VARY), True),
        (headers(PAGE, "true", VARY), headers(PAGE, "", VARY), False),
        (headers("https://b.example", "", VARY), headers("", "", VARY), False),
    ],
)
def test_an_error_leaves_the_policy_of_successes(
    success: Headers, error: Headers, wrong: bool
) -> None:
    assert bool(judgement.consistency_fault(PAGE, success, error)) is wrong


def test_nonsense_that_comes_back_is_found() -> None:
    found = Headers(
        [
            ("Access-Control-Allow-Methods", f"GET, {judgement.NONSENSE_METHOD}"),
            ("Access-Control-Allow-Headers", judgement.NONSENSE_HEADER.lower()),
        ]
    )
    assert judgement.mirrored(found, wildcard_counts=False) == ["method", "header"]


def test_a_wildcard_list_permits_everything_without_credentials_only() -> None:
    found = Headers([("Access-Control-Allow-Methods", "*")])
    assert judgement.wildcard_works(headers("*"))
    assert not judgement.wildcard_works(headers(PAGE, "true"))
    assert judgement.mirrored(found, wildcard_counts=True) == ["method"]
    assert judgement.mirrored(found, wildcard_counts=False) == []


@pytest.mark.parametrize(("age", "wrong"), [("86400", False), ("", False), ("86401", True)])
def test_a_day_is_the_longest_age_of_a_preflight(age: str, wrong: bool) -> None:
    found = Headers([("Access-Control-Max-Age", age)] if age else [])
    assert bool(judgement.age_fault(found)) is wrong


@pytest.mark.parametrize(
    ("exposed", "wrong"),
    [("", False), ("X-Request-Id, RateLimit", False), ("*", True), ("Set-Cookie", True)],
)
def test_exposing_everything_or_secrets_is_wrong(exposed: str, wrong: bool) -> None:
    found = Headers([("Access-Control-Expose-Headers", exposed)] if exposed else [])
    assert bool(judgement.exposure_fault(found)) is wrong


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"id": 1, "name": "a"}', b'{"name": "b", "id": 2}', True),
        (b'[{"id": 1}]', b'[{"id": 2}, {"id": 3}]', True),
        (b"ok", b"ok", True),
        (b'{"id": 1}', b'{"title": "no"}', False),
        (b'{"id": 1}', b"", False),
        (b"", b"", False),
        (b"[]", b"[1]", False),
        (b"no", b"yes", False),
    ],
)
def test_answers_of_one_shape_hold_the_same_kind_of_content(
    one: bytes, other: bytes, same: bool
) -> None:
    assert judgement.same_content(answer(body=one), answer(body=other)) is same


@pytest.mark.parametrize(
    ("status", "tells"),
    [
        (200, True),
        (403, True),
        (404, True),
        (429, False),
        (500, False),
        (503, False),
        (None, False),
    ],
)
def test_what_broke_or_was_held_back_tells_no_policy(status: int | None, tells: bool) -> None:
    assert judgement.decided(answer(status)) is tells
