"""API keys: their shape, their hash, and when they are good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from l7audit_stack.api.security.keys import ApiKeys, NewKey, RotationPolicy, checksum
from l7audit_stack.data.identities import KeyRow

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEYS = ApiKeys(pepper=b"p" * 32)


def _row(key: NewKey, **changes: object) -> KeyRow:
    row = KeyRow(
        id="1",
        principal_id="2",
        name="k",
        lookup=key.lookup,
        digest=key.digest,
        scopes=None,
        created_at=NOW,
        expires_at=None,
        last_used_at=None,
        revoked_at=None,
        rotated_to=None,
    )
    return msgspec.structs.replace(row, **changes)


def test_a_key_is_found_by_its_lookup_and_accepted_by_its_digest() -> None:
    key = KEYS.make()
    assert KEYS.lookup(key.text) == key.lookup
    assert KEYS.accepts(_row(key), KEYS.digest(key.text), NOW.timestamp())


def test_keys_never_repeat_and_are_not_shown() -> None:
    made = [KEYS.make() for _ in range(100)]
    assert len({key.text for key in made}) == 100
    assert made[0].text not in repr(made[0])
    assert "pppp" not in repr(KEYS)


def test_a_key_with_the_right_lookup_and_another_secret_is_refused() -> None:
    key, other = KEYS.make(), KEYS.make()
    forged = f"l7_{key.lookup}_{other.text.rpartition('_')[2][-49:]:A>49}"
    assert not KEYS.accepts(_row(key), KEYS.digest(forged), NOW.timestamp())


def test_the_digest_depends_on_the_pepper() -> None:
    key = KEYS.make()
    assert ApiKeys(pepper=b"q" * 32).digest(key.text) != key.digest


@pytest.mark.parametrize("bend", [str.upper, str.lower, lambda t: t[:-1], lambda t: t + "A"])
def test_a_bent_key_is_refused(bend: object) -> None:
    key = KEYS.make()
    bent = bend(key.text)  # type: ignore[operator]
    lookup = KEYS.lookup(bent)
    assert lookup is None or not KEYS.accepts(_row(key), KEYS.digest(bent), NOW.timestamp())


@pytest.mark.parametrize("text", ["", "l7_", "l7_00_00", "Bearer x", "l7_" + "0" * 16 + "_\n" * 25])
def test_a_text_of_another_shape_has_no_lookup(text: str) -> None:
    assert KEYS.lookup(text) is None


def test_a_key_ends_at_its_moment() -> None:
    key = KEYS.make()
    row = _row(key, expires_at=NOW)
    assert KEYS.accepts(row, key.digest, NOW.timestamp() - 0.001)
    assert not KEYS.accepts(row, key.digest, NOW.timestamp())


def test_a_revoked_key_is_refused() -> None:
    key = KEYS.make()
    assert not KEYS.accepts(_row(key, revoked_at=NOW), key.digest, NOW.timestamp() + 1)


def test_rotation_falls_due_after_the_maximum_age_and_retires_after_the_grace() -> None:
    policy = RotationPolicy(max_age_days=90, grace_days=14)
    row = _row(KEYS.make())
    at_due = NOW + timedelta(days=90)
    assert not policy.due(row, (at_due - timedelta(seconds=1)).timestamp())
    assert policy.due(row, at_due.timestamp())
    assert policy.retires_at(row) == (NOW + timedelta(days=104)).timestamp()
    assert policy.oldest_allowed((NOW + timedelta(days=104)).timestamp()) == NOW


def test_a_key_with_a_successor_is_not_due() -> None:
    row = _row(KEYS.make(), rotated_to="3")
    assert not RotationPolicy().due(row, NOW.timestamp() + 1e9)


def test_a_key_ends_with_a_checksum_over_what_is_before() -> None:
    text = KEYS.make().text
    assert checksum(text[:-6]) == text[-6:]
    assert checksum("l7_x") != checksum("l7_y")


def test_a_key_past_its_age_and_grace_is_overdue() -> None:
    policy = RotationPolicy(max_age_days=90, grace_days=14)
    row = _row(KEYS.make())
    assert not policy.overdue(row, (NOW + timedelta(days=103)).timestamp())
    assert policy.overdue(row, (NOW + timedelta(days=104)).timestamp())
