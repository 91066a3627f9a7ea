"""The smaller security headers."""

from __future__ import annotations

import pytest

from l7audit_suites.head import fields


@pytest.mark.parametrize("value", ["nosniff", "NoSniff", " nosniff ", "nosniff, x"])
def test_sniffing_is_off_whatever_the_case(value: str) -> None:
    assert fields.nosniff_fault([value]) == ""


@pytest.mark.parametrize("values", [[], [""], ["no-sniff"], ["none, nosniff"]])
def test_sniffing_is_on_where_browsers_ignore_the_header(values: list[str]) -> None:
    assert fields.nosniff_fault(values)


@pytest.mark.parametrize(
    ("values", "sound"),
    [
        (["no-referrer"], True),
        (["Same-Origin"], True),
        (["unsafe-url, no-referrer"], True),
        (["no-referrer, something-new"], True),
        (["no-referrer, unsafe-url"], False),
        (["no-referrer", "unsafe-url"], False),
        (["origin-when-cross-origin"], False),
        (["never"], False),
        ([], False),
    ],
)
def test_the_last_known_referrer_policy_counts(values: list[str], sound: bool) -> None:
    assert (fields.referrer_fault(values) == "") is sound


@pytest.mark.parametrize(
    ("values", "sound"),
    [
        (["camera=(), microphone=()"], True),
        (["geolocation=( )"], True),
        (['camera=(self "https://a.example, b"), usb=()'], True),
        (["fullscreen=*, camera=()"], True),
        (["camera=()", "usb=()"], True),
        (["camera=*, usb=()"], False),
        (["camera=(self *), usb=()"], False),
        (["fullscreen=(self)"], False),
        (["camera 'none'; usb 'none'"], False),
        ([], False),
    ],
)
def test_a_permissions_policy_takes_powerful_features_away(values: list[str], sound: bool) -> None:
    assert (fields.permissions_fault(values) == "") is sound


@pytest.mark.parametrize(
    ("values", "sound"),
    [
        (["same-origin"], True),
        (["same-site"], True),
        (["cross-origin"], False),
        (["Same-Origin"], False),
        (["same-origin", "same-origin"], False),
        ([], False),
    ],
)
def test_the_resource_policy_is_exactly_one_word(values: list[str], sound: bool) -> None:
    assert (fields.resource_policy_fault(values) == "") is sound


@pytest.mark.parametrize(
    ("values", "sound"),
    [
        (["same-origin"], True),
        (['same-origin; report-to="x"'], True),
        (["same-origin-allow-popups"], True),
        (["unsafe-none"], False),
        ([], False),
    ],
)
def test_the_opener_policy_keeps_windows_apart(values: list[str], sound: bool) -> None:
    assert (fields.opener_policy_fault(values) == "") is sound


@pytest.mark.parametrize(("values", "sound"), [([], True), (["0"], True), (["0; x"], True)])
def test_the_old_filter_is_off(values: list[str], sound: bool) -> None:
    assert (fields.filter_fault(values) == "") is sound


@pytest.mark.parametrize("value", ["1", "1; mode=block", " 1;report=/x"])
def test_the_old_filter_is_on(value: str) -> None:
    assert fields.filter_fault([value])


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("application/json", b'{"a": 1}'),
        ("application/json; charset=utf-8", b"[]"),
        ("application/problem+json", b"{}"),
        ("application/vnd.shop.v2+json", b"{}"),
        ("text/plain; charset=UTF-8", b"hello"),
        ("text/plain; version=0.0.4; charset=utf-8", b"# HELP x y"),
        ("text/event-stream", b"data: 1"),
        ("text/html; charset=utf-8", b"<p>hello</p>"),
        ("application/octet-stream", b"\x00\x01"),
        ("image/svg+xml", b"<svg/>"),
        ("", b""),
    ],
)
def test_a_fitting_content_type_is_sound(value: str, body: bytes) -> None:
    assert fields.content_type_fault([value], body) == ""


@pytest.mark.parametrize(
    ("values", "body"),
    [
        ([], b"{}"),
        (["text/html; charset=utf-8"], b'{"name": "<script>"}'),
        (["application/json"], b"<html>"),
        (["text/plain"], b"hello"),
        (["json"], b"{}"),
    ],
)
def test_a_content_type_that_misleads_is_a_fault(values: list[str], body: bytes) -> None:
    assert fields.content_type_fault(values, body)


def test_headers_of_one_value_that_come_twice_are_found() -> None:
    headers = [
        ("X-Frame-Options", "DENY"),
        ("x-frame-options", "SAMEORIGIN"),
        ("X-Content-Type-Options", "nosniff, nosniff"),
    ]
    assert fields.doubled(headers) == {
        "X-Frame-Options": ["DENY", "SAMEORIGIN"],
        "X-Content-Type-Options": ["nosniff, nosniff"],
    }


def test_headers_that_add_up_may_come_twice() -> None:
    headers = [
        ("Content-Security-Policy", "default-src 'none'"),
        ("Content-Security-Policy", "frame-ancestors 'none'"),
        ("Cache-Control", "private"),
        ("Cache-Control", "no-cache"),
        ("Vary", "Origin"),
        ("Vary", "Accept-Encoding"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Content-Type", 'multipart/mixed; boundary="a,b"'),
    ]
    assert fields.doubled(headers) == {}
