"""To where a restore goes: which backup it begins with, which WAL it takes, where it stops."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from l7audit_stack.backups.interface import BackupError, Listed, Manifest

if TYPE_CHECKING:
    from l7audit_stack.backups.wal_archive import WalArchive

POINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """A moment to go back to: a `time` (RFC 3339), a `point` that was named, or the latest there
    is where both are empty. `backup` is the id of the one to begin with; empty for the best."""

    time: str = ""
    point: str = ""
    backup: str = ""

    def moment(self) -> datetime | None:
        """The time. Errors: `BackupError`."""
        if not self.time:
            return None
        try:
            moment = datetime.fromisoformat(self.time)
        except ValueError:
            raise BackupError(
                f"'{self.time}' is no time: write it as 2026-11-28T14:05:00.5Z."
            ) from None
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)

    def told(self) -> str:
        """For sentences: to where."""
        if self.time:
            return f"the time {self.time}"
        return f"the point '{self.point}'" if self.point else "the latest that is archived"


@dataclass(frozen=True)
class Recovery:
    """How PostgreSQL is told to recover."""

    def chosen(self, aim: Aim, listed: Sequence[Listed]) -> str:
        """The id of the backup to begin with: the newest that ended before the aim, or for a point,
        of which nobody knows when it was, the oldest. Errors: `BackupError`."""
        moment = aim.moment()
        if aim.point and not POINT.fullmatch(aim.point):
            raise BackupError(f"'{aim.point}' is no name of a point.")
        if aim.backup:
            return aim.backup
        sound = [one for one in listed if one.manifest is not None]
        if aim.point:
            sound.reverse()
        for one in sound:
            if moment is None or (one.manifest is not None and _ended(one.manifest) <= moment):
                return one.id
        if sound:
            raise BackupError(f"No backup ended before {aim.told()}: the oldest is {sound[-1].id}.")
        raise BackupError("There is no backup to begin with that can be read.")

    def segments(self, wal: WalArchive, manifest: Manifest) -> Sequence[str]:
        """The WAL that goes on from the backup. Errors: `DamagedBackupError` for a gap in it."""
        return wal.after(manifest)

    def settings(self, aim: Aim) -> Mapping[str, str]:
        """PostgreSQL's own, for the server that recovers. It ends by itself where it does not reach
        what it is to stop at."""
        stop = {}
        if moment := aim.moment():
            stop["recovery_target_time"] = moment.isoformat()
        elif aim.point:
            stop["recovery_target_name"] = aim.point
        return {
            "restore_command": "false",  # all of it lies in its folder already
            "recovery_target_timeline": "current",
            "recovery_target_action": "promote",
            **stop,
        }


def _ended(manifest: Manifest) -> datetime:
    began = datetime.fromisoformat(manifest.taken_at)
    return began + timedelta(seconds=manifest.seconds)
