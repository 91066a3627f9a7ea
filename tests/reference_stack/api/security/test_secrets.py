"""Secret fields at rest."""

from __future__ import annotations

import pytest

from l7audit_stack.api.security.secrets import SealBrokenError, SecretBox

OLD = SecretBox(keys={"k1": b"1" * 32})
BOX = SecretBox(keys={"k1": b"1" * 32, "k2": b"2" * 32})


def test_a_sealed_value_opens_in_its_place_only() -> None:
    sealed = BOX.seal("hush", place="webhooks:1:secret")
    assert "hush" not in sealed
    assert BOX.open(sealed, place="webhooks:1:secret") == "hush"
    with pytest.raises(SealBrokenError):
        BOX.open(sealed, place="webhooks:2:secret")


def test_sealing_twice_gives_two_texts() -> None:
    assert BOX.seal("hush", place="p") != BOX.seal("hush", place="p")


def test_every_changed_character_is_noticed() -> None:
    sealed = BOX.seal("hush", place="p")
    for index in range(sealed.index(":") + 1, len(sealed)):
        bent = sealed[:index] + ("0" if sealed[index] != "0" else "1") + sealed[index + 1 :]
        with pytest.raises(SealBrokenError):
            BOX.open(bent, place="p")


def test_after_a_rotation_old_values_open_and_are_sealed_anew() -> None:
    sealed = OLD.seal("hush", place="p")
    assert BOX.stale(sealed)
    again = BOX.reseal(sealed, place="p")
    assert not BOX.stale(again)
    assert BOX.open(again, place="p") == "hush"


@pytest.mark.parametrize("sealed", ["", "k9:00", "k2:", "k2:zz", "k2:00", "nonsense"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(SealBrokenError):
        BOX.open(sealed, place="p")


def test_keys_are_not_shown() -> None:
    assert "1111" not in repr(BOX)
