"""The job says what came of it in one object, whatever goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.base_backup import BaseBackup
from l7audit_stack.backups.interface import BackupError, Listed
from l7audit_stack.backups.job import carry_out, production_backups
from l7audit_stack.defects.backup_job import defective_backups

ENVIRONMENT = {
    "POSTGRES_PROGRAMS": "/nowhere",
    "POSTGRES_SOCKETS": "/nowhere",
    "POSTGRES_PORT": "1",
    "BACKUP_ROLE": "backup",
    "BACKUP_DIR": "/nowhere/backups",
    "SECRETS_DIR": "/nowhere/secrets",
    "SCRATCH_DIR": "/nowhere",
}


def test_each_deed_is_done(backups: Backups, tmp_path: Path) -> None:
    taken = carry_out(backups, "take", ()).value
    assert isinstance(taken, Listed)
    assert carry_out(backups, "list", ()).value == [taken]
    assert carry_out(backups, "verify", (taken.id,)).value == taken
    assert carry_out(backups, "open", (taken.id, str(tmp_path / "x"))).error == ""
    assert carry_out(backups, "remove", (taken.id,)).error == ""
    assert carry_out(backups, "list", ()).value == []


def test_what_can_not_be_done_is_a_sentence(backups: Backups, tmp_path: Path) -> None:
    assert carry_out(backups, "verify", ("x",)).error.startswith("There is no backup 'x'")
    taken = carry_out(backups, "take", ()).value
    outcome = carry_out(backups, "open", (taken.id, str(tmp_path / "no" / "x")))
    assert outcome.error.startswith("The system refused: No such file or directory")


def test_all_lies_where_the_environment_says() -> None:
    made = production_backups(ENVIRONMENT)
    assert str(made.keys.folder) == "/nowhere/secrets/backup"
    assert isinstance(made.source, BaseBackup)
    with pytest.raises(BackupError, match="can't be run"):
        made.source.version()


@pytest.mark.parametrize(
    ("named", "cipher"),
    [("", "ChunkedGcm"), ("edge.banner", "ChunkedGcm"), ("crypt.backups-in-plain", "Plain")],
)
def test_only_the_defects_that_are_named_are_planted(named: str, cipher: str) -> None:
    made = defective_backups({**ENVIRONMENT, "L7_DEFECTS": named})
    assert type(made.cipher).__name__ == cipher
