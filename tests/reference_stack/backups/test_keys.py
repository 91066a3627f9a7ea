"""Keys of backups: the last by name seals, others open, and what is none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from l7audit_stack.api.provision import add_backup_key
from l7audit_stack.backups.interface import BackupError
from l7audit_stack.backups.keys import BackupKeys


def test_the_newest_seals_and_older_ones_stay(secrets: Path) -> None:
    keys = BackupKeys(secrets / "backup")
    old, key = keys.newest()
    add_backup_key(secrets)
    assert keys.newest()[0] > old
    assert keys.of(old) == key


def test_a_file_that_is_no_key_is_named(secrets: Path) -> None:
    (secrets / "backup" / "zz.key").write_text("no key")
    with pytest.raises(BackupError, match=r"zz\.key is not hexadecimal"):
        BackupKeys(secrets / "backup").newest()


@pytest.mark.parametrize("kid", ["none", "../audit", ""])
def test_a_key_that_is_not_there_is_told(secrets: Path, kid: str) -> None:
    with pytest.raises(BackupError, match="is gone"):
        BackupKeys(secrets / "backup").of(kid)
