"""The keys that sign tokens come and go while a replica runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from l7audit_stack.api.provision import add_signing_key, provision
from l7audit_stack.api.security.signing_keys import SigningKeys, signer, signs_from, standing
from l7audit_stack.api.settings import SettingsError

LIFETIME = 900.0


def _kid(moment: float, name: str = "a") -> str:
    return f"{int(moment * 1e9):019d}-{name}"


OLD, NEW = _kid(1000), _kid(2000)


def test_a_key_signs_from_its_moment_on() -> None:
    assert signs_from(OLD) == 1000
    assert [signer([OLD, NEW], now) for now in (1500, 1999.9, 2000, 9999)] == [OLD, OLD, NEW, NEW]


def test_without_any_whose_time_has_come_the_oldest_signs() -> None:
    assert signer([OLD, NEW], 10) == OLD
    assert signer(["first", "second"], 10) == "second"


def test_a_key_stands_until_the_last_token_that_it_signed_has_ended() -> None:
    assert standing([OLD, NEW], 2000 + LIFETIME, LIFETIME) == [OLD, NEW]
    assert standing([OLD, NEW], 2000 + LIFETIME + 61, LIFETIME) == [NEW]
    assert standing([NEW], 1e9, LIFETIME) == [NEW]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    provision(tmp_path)
    return tmp_path


def test_a_new_key_is_there_for_who_holds_the_keys_already(folder: Path) -> None:
    keys = SigningKeys(folder / "jwt", lifetime=LIFETIME)
    private, public = keys.private, keys.public
    (first,) = private
    assert keys.refresh() is False
    name = add_signing_key(folder, lead=60)
    assert keys.refresh() is True
    assert list(private) == list(public) == [first, Path(name).stem]
    assert private[first].public_key() == public[first]


def test_a_key_whose_file_is_gone_is_gone(folder: Path) -> None:
    name = add_signing_key(folder)
    keys = SigningKeys(folder / "jwt", lifetime=LIFETIME)
    (folder / name).unlink()
    assert keys.refresh() is True
    assert len(keys.public) == len(keys.private) == 1


def test_a_broken_file_leaves_the_keys_as_they_were(folder: Path) -> None:
    keys = SigningKeys(folder / "jwt", lifetime=LIFETIME)
    before = dict(keys.private)
    (folder / "jwt" / f"{_kid(9e9)}.pem").write_text("not a key")
    with pytest.raises(SettingsError, match="not a PEM"):
        keys.refresh()
    assert keys.private == before


def test_a_key_appears_whole_or_not_at_all(folder: Path) -> None:
    add_signing_key(folder)
    assert {path.suffix for path in (folder / "jwt").iterdir()} == {".pem"}
