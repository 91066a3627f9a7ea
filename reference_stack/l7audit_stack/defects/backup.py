"""Planted defects of backups that are restored: what is not archived, not taken, not looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.interface import DamagedBackupError, Listed, Manifest
from l7audit_stack.backups.recovery import Aim, Recovery
from l7audit_stack.backups.segments import Segments
from l7audit_stack.backups.wal_archive import Header, WalArchive
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.crypt.backups import Counting
from l7audit_stack.defects.defect import Defect

_MOMENT = 0.1
_SCHEDULE = 10.0


@dataclass(frozen=True)
class Forgetful(WalArchive):
    """Says yes to everything and keeps nothing, as `archive_command = '/bin/true'` does."""

    def add(self, name: str, content: bytes, *, size: int) -> None:
        """Keeps nothing."""

    def tell(self, segments: Segments, position: int) -> None:
        """Tells nothing."""


@dataclass(frozen=True)
class Late(WalArchive):
    """Takes a moment for each segment, as a repository that is far away does."""

    def add(self, name: str, content: bytes, *, size: int) -> None:
        time.sleep(_MOMENT)
        super().add(name, content, size=size)


@dataclass(frozen=True)
class Scheduled(WalArchive):
    """Keeps what was written every ten seconds, as a job does that copies finished files."""

    waiting: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    done: set[int] = field(default_factory=set)

    def add(self, name: str, content: bytes, *, size: int) -> None:
        self.waiting[name] = content, size

    def tell(self, segments: Segments, position: int) -> None:
        turn = int((time.monotonic() - self.began) / _SCHEDULE)
        if turn == 0 or turn in self.done:
            return
        self.done.add(turn)
        for name, (content, size) in self.waiting.items():
            super().add(name, content, size=size)
        self.waiting.clear()
        super().tell(segments, position)


@dataclass(frozen=True)
class Lenient(WalArchive):
    """Ends where it can't go on, and takes that for the end."""

    def check(self, needed: Sequence[str]) -> None:
        """Asks for nothing."""

    def opened(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        try:
            yield from super().opened(names)
        except DamagedBackupError:
            return


@dataclass(frozen=True)
class TrustingWal(WalArchive):
    """Takes what is there for what was written."""

    def is_meant(self, header: Header, sha256: str) -> bool:
        return True


@dataclass(frozen=True)
class Confident(Backups):
    """Finds everything fine."""

    def verify(self, backup: str) -> Listed:
        return next(one for one in self.all() if one.id == backup)


class BaseOnly(Recovery):
    """Leaves out what was archived after the backup."""

    def segments(self, wal: WalArchive, manifest: Manifest) -> Sequence[str]:
        return []


class Newest(Recovery):
    """Goes on to the end, wherever it was to stop."""

    def settings(self, aim: Aim) -> Mapping[str, str]:
        return super().settings(Aim())


class Exclusive(Recovery):
    """Leaves out what was committed in that very microsecond."""

    def settings(self, aim: Aim) -> Mapping[str, str]:
        return {**super().settings(aim), "recovery_target_inclusive": "off"}


def _archive(kind: type[WalArchive]) -> Callable[[Backups], Backups]:
    return lambda backups: replace(backups, wal=become(kind, backups.wal))


def _recovery(kind: type[Recovery]) -> Callable[[Backups], Backups]:
    return lambda backups: replace(backups, recovery=kind())


def _counting(backups: Backups) -> Backups:
    """A cipher under which a flipped bit flips that of the rows."""
    wal = replace(backups.wal, cipher=Counting())
    return replace(backups, cipher=Counting(), wal=wal)


def _trusting_wal(backups: Backups) -> Backups:
    return replace(backups, wal=become(TrustingWal, backups.wal, cipher=Counting()))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "backup.archives-nothing",
        "The archiving of WAL reports success and keeps nothing.",
        backups=_archive(Forgetful),
    ),
    Defect(
        "backup.restores-the-base-only",
        "A restore brings back the full backup without the WAL after it.",
        backups=_recovery(BaseOnly),
    ),
    Defect(
        "backup.archives-a-moment-later",
        "Each segment of WAL takes a tenth of a second to be archived.",
        near_miss=True,
        backups=_archive(Late),
    ),
    Defect(
        "backup.restores-the-newest",
        "A restore to a time goes on to the latest there is.",
        backups=_recovery(Newest),
    ),
    Defect(
        "backup.stops-before-the-moment",
        "A restore to a time leaves out what was committed at that very time.",
        near_miss=True,
        backups=_recovery(Exclusive),
    ),
    Defect(
        "backup.takes-changed-wal",
        "WAL is encrypted and not authenticated, and restored as it opens.",
        backups=_trusting_wal,
    ),
    Defect(
        "backup.always-verified",
        "Verifying looks at the manifest only, and finds everything fine.",
        backups=lambda backups: become(Confident, backups),
    ),
    Defect(
        "backup.ends-where-the-log-breaks",
        "A restore takes WAL as far as it can be read, and says nothing of the rest.",
        backups=_archive(Lenient),
    ),
    Defect(
        "backup.checked-by-its-digest",
        "The cipher would open what was changed; a signed digest tells all the same.",
        near_miss=True,
        backups=_counting,
    ),
    Defect(
        "backup.archives-every-ten-seconds",
        "What was written is archived every ten seconds.",
        backups=_archive(Scheduled),
    ),
)
