"""How much chance is in keys, and what makes them known."""

from __future__ import annotations

import secrets
import uuid

import pytest

from l7audit_suites.keys.strength import FEWEST_BITS, bits, hidden, prefix, recognisable


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


NOW = 1_795_806_000.25


@pytest.mark.parametrize("beginning", ["l7_", "sk-", "LAKI", "AIza", "SG.", "acme_live_", "5gS_"])
def test_a_text_of_the_issuer_s_own_can_be_looked_for(beginning: str) -> None:
    assert recognisable(beginning, NOW)


@pytest.mark.parametrize("beginning", ["", "a", "ab", "___", "2026_", "17958060"])
def test_nothing_or_digits_can_not(beginning: str) -> None:
    assert not recognisable(beginning, NOW)


def _ulid(moment: float) -> str:
    count, text = int(moment * 1000), ""
    for _ in range(10):
        count, digit = divmod(count, 32)
        text = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] + text
    return text


def test_the_time_is_no_beginning_of_one_s_own() -> None:
    later = NOW + 0.4
    for spelled in (
        lambda at: f"{int(at * 1000):012x}",
        lambda at: f"{int(at * 1000):012x}"[:8] + "-",
        lambda at: f"{int(at):x}",
        lambda at: f"{int(at * 1e9):x}",
        _ulid,
    ):
        assert not recognisable(prefix([spelled(NOW) + "a", spelled(later) + "b"]), later)
