"""Where a restore begins and where it stops."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from l7audit_stack.backups.interface import BackupError, Listed, Manifest
from l7audit_stack.backups.recovery import Aim, Recovery


def _listed(name: str, taken_at: str = "", seconds: float = 2.0) -> Listed:
    if not taken_at:
        return Listed(id=name, folder="/b", trouble="Its manifest is gone.")
    manifest = Manifest(
        id=name, taken_at=taken_at, seconds=seconds, server="PostgreSQL 18", timeline=1,
        start_lsn="0/A28", end_lsn="0/B120", key="k", size=1, sealed_size=1, sha256="",
    )  # fmt: skip
    return Listed(id=name, folder="/b", manifest=manifest)


NEWEST_FIRST = (
    _listed("broken"),
    _listed("third", "2026-11-28T14:00:30Z"),
    _listed("second", "2026-11-28T14:00:20Z"),
    _listed("first", "2026-11-28T14:00:10Z"),
)


@pytest.mark.parametrize(
    ("aim", "begins"),
    [
        (Aim(), "third"),
        (Aim(time="2026-11-28T14:00:32Z"), "third"),
        (Aim(time="2026-11-28T14:00:31.9Z"), "second"),  # the third was still being taken
        (Aim(time="2026-11-28T15:00:13+01:00"), "first"),
        (Aim(time="2026-11-28 14:00:13"), "first"),
        (Aim(point="somewhere"), "first"),  # nobody knows when that was
        (Aim(point="somewhere", backup="second"), "second"),
    ],
)
def test_it_begins_with_a_backup_that_ended_before_it_stops(aim: Aim, begins: str) -> None:
    assert Recovery().chosen(aim, NEWEST_FIRST) == begins


@pytest.mark.parametrize(
    ("aim", "listed", "told"),
    [
        (Aim(time="2026-11-28T14:00:11Z"), NEWEST_FIRST, "the oldest is first"),
        (Aim(time="tomorrow"), NEWEST_FIRST, "'tomorrow' is no time"),
        (Aim(point="a' b"), NEWEST_FIRST, "no name of a point"),
        (Aim(), NEWEST_FIRST[:1], "no backup to begin with"),
        (Aim(), (), "no backup to begin with"),
    ],
)
def test_what_can_not_be_begun_is_a_sentence(aim: Aim, listed: Sequence[Listed], told: str) -> None:
    with pytest.raises(BackupError, match=told):
        Recovery().chosen(aim, listed)


def test_postgresql_is_told_where_to_stop() -> None:
    settings = Recovery().settings
    time = settings(Aim(time="2026-11-28T15:00:13.25+01:00"))
    assert time["recovery_target_time"] == "2026-11-28T14:00:13.250000+00:00"
    assert settings(Aim(point="p"))["recovery_target_name"] == "p"
    stops = {"recovery_target_time", "recovery_target_name"}
    assert not stops & settings(Aim()).keys()
