"""What is said of backups that are not whole, and whether they are restored all the same."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from l7audit.harness.check import Check
from l7audit.model import Backup
from l7audit_suites.backup.damage import away, files, flipped, followed, largest
from l7audit_suites.backup.drill import Drill, drill


@pytest.mark.control("BACKUP-03")
def test_a_flipped_bit_is_reported_and_not_restored(check: Check) -> None:
    with drill(check) as it:
        backup, needed = _archived(it)
        for part, file in (("the backup", largest(backup.folder)), ("the archived log", needed)):
            _reported(it, backup, f"a flipped bit in {part}", flipped(file))


@pytest.mark.control("BACKUP-04")
def test_a_gap_in_the_log_is_reported_and_not_restored(check: Check) -> None:
    with drill(check) as it:
        backup, needed = _archived(it)
        _reported(it, backup, "a file of the archived log that is missing", away(needed))


def _archived(it: Drill) -> tuple[Backup, Path]:
    """A backup, and a file of the log after it that no restore does without. Ends the check where
    there is none."""
    backup = it.backups.take()
    before = files(backup.wal)
    it.write()
    it.backups.name_point("l7audit")
    since = time.time_ns()
    it.write()
    needed = followed(backup.wal, before, since)
    if needed is None:
        it.check.inconclusive("No archived log is seen that goes on from the backup.")
    it.check.witness("whole as it is, it is verified", not it.backups.verify(backup), once=True)
    it.check.witness("whole as it is, it is restored", it.restores(backup), once=True)
    return backup, needed


def _reported(it: Drill, backup: Backup, what: str, damage: AbstractContextManager[None]) -> None:
    with damage:
        trouble = it.backups.verify(backup)
        runs = it.restores(backup)
    it.check.expect(
        bool(trouble),
        it.place(f"{what}: verified"),
        f"Verifying a backup finds nothing wrong with {what}.",
        expected="a sentence that says what is wrong",
        seen="that all is well",
    )
    it.check.expect(
        not runs,
        it.place(what),
        f"A backup is restored in silence with {what}.",
        expected="a refusal",
        seen="a database that runs",
    )
