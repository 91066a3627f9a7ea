"""How much chance is in keys, and what makes them known."""

from __future__ import annotations

import hashlib
import secrets
import uuid
import zlib

import pytest

from l7audit_suites.keys.strength import FEWEST_BITS, all_alike, bits, checksum, hidden, prefix


def _six(make: object) -> list[str]:
    assert callable(make)
    return [make() for _ in range(6)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: secrets.token_urlsafe(32),
        lambda: "padding" * 5 + secrets.token_hex(16),
        lambda: str(uuid.uuid4()),
        lambda: f"sk_{secrets.token_urlsafe(24)}",
    ],
)
def test_random_keys_hold_enough_whatever_stands_around_it(make: object) -> None:
    assert bits(_six(make)) >= FEWEST_BITS


def test_short_keys_counters_and_clocks_do_not() -> None:
    assert bits([f"key-{'0' * 30}{n:06d}" for n in range(100, 106)]) < 30
    assert bits(_six(lambda: "x" * 40 + secrets.token_hex(4))) < 40
    assert bits([f"{1_700_000_000_000_000_000 + n * 1_234_567:x}" for n in range(6)]) < 64
    assert bits(["same"] * 6) == 0


def test_what_is_shown_elsewhere_need_not_be_guessed() -> None:
    assert hidden("ab_0123456789_secret", ["0123456789", "ab", "nothing"]) == "ab__secret"
    assert hidden("whole", ["whole"]) == "whole"


@pytest.mark.parametrize(
    ("texts", "begins"),
    [
        (["l7_abc", "l7_xyz"], "l7_"),
        (["sk-live-1", "sk-live-2"], "sk-"),
        (["aa1", "ab2"], "a"),
        (["x", "y"], ""),
    ],
)
def test_a_prefix_is_what_all_keys_begin_with(texts: list[str], begins: str) -> None:
    assert prefix(texts) == begins


BODY = "tok_Zk3vQ9wqJx1Pl7Rt5Yu8Io2As4Df6Gh0"


def _base62(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = digits[digit] + text
    return text


@pytest.mark.parametrize(
    ("tail", "name"),
    [
        (_base62(zlib.crc32(BODY.encode())), "CRC-32"),
        (_base62(zlib.crc32(BODY[4:].encode())), "CRC-32"),
        (f"{zlib.crc32(BODY.encode()):08x}", "CRC-32"),
        (hashlib.sha256(BODY.encode()).hexdigest()[:8], "SHA-256"),
        ("abcdef", ""),
    ],
)
def test_a_usual_checksum_is_known_by_what_it_covers(tail: str, name: str) -> None:
    assert checksum(BODY + tail) == name


def test_a_checksum_counts_only_where_all_keys_have_it() -> None:
    good = BODY + f"{zlib.crc32(BODY.encode()):08x}"
    assert all_alike([good, good], checksum) == "CRC-32"
    assert all_alike([good, BODY], checksum) == ""
