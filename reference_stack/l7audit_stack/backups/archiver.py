"""What seals the WAL as it comes: `python -m l7audit_stack.backups.archiver FOLDER`.

PostgreSQL's own pg_receivewal streams it into FOLDER as it is written. An `archive_command` gets
whole segments only: the last writes of a quiet database would be nowhere for hours, or a segment of
nothing would be made each second, and a program started for it; and it needs a restart of the
server. Here the segment that fills is sealed again whenever it has grown.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.interface import BackupError
from l7audit_stack.backups.job import production_backups
from l7audit_stack.backups.segments import Segments
from l7audit_stack.backups.wal_archive import WalArchive, is_segment

PAUSE = 0.1
"""Seconds between two looks."""

STILL = 1.0
"""Seconds after which an archive that has got nothing says that it is up to date all the same."""

_PARTIAL = ".partial"


@dataclass
class Archiver:
    """Seals what appears in a folder."""

    folder: Path
    archive: WalArchive
    _sealed: dict[str, int] = field(default_factory=dict)
    _told: float = -STILL
    _end: tuple[Segments, int] | None = None

    def look(self, now: float) -> None:
        """Once: seals what is new, and tells how far the archive goes. `now` in seconds."""
        grown = [self._seal(path) for path in self._files()]
        if self._end is not None and (any(grown) or now - self._told >= STILL):
            self.archive.tell(*self._end)
            self._told = now
        self._tidy()

    def tried(self, now: float) -> str:
        """As `look`; a sentence where the repository or the key refuses, else nothing."""
        try:
            self.look(now)
        except (BackupError, OSError) as error:
            return f"WAL is not archived: {error}"
        return ""

    def _files(self) -> list[Path]:
        """In the order in which they were written; what fills is the last."""
        return sorted(p for p in self.folder.iterdir() if is_segment(p.name.removesuffix(_PARTIAL)))

    def _seal(self, path: Path) -> bool:
        """Whether there was anything new in it."""
        try:
            changed = path.stat().st_mtime_ns
            if self._sealed.get(path.name) == changed:
                return False
            content = path.read_bytes()
        except FileNotFoundError:
            return False  # it was finished meanwhile, and has its own name at the next look
        name, size = path.name.removesuffix(_PARTIAL), len(content)
        if not size:
            return False
        if path.name != name:
            content = content.rstrip(b"\0")[: size - 1]
        self.archive.add(name, content, size=size)
        self._sealed[path.name] = changed
        segments = Segments.like(name, size)
        self._end = segments, segments.start(name) + len(content)
        return True

    def _tidy(self) -> None:
        """pg_receivewal goes on from the newest segment that it finds, and needs no other."""
        whole = [p for p in self._files() if is_segment(p.name) and p.name in self._sealed]
        for path in whole[:-1]:
            path.unlink()
            del self._sealed[path.name]


def main(
    arguments: list[str], assemble: Callable[[Mapping[str, str]], Backups] = production_backups
) -> int:
    """Goes on until it is ended. What it can't do it says once, and tries again."""
    archiver, said = Archiver(Path(arguments[0]), assemble(os.environ).wal), ""
    while True:
        trouble = archiver.tried(time.monotonic())
        if trouble and trouble != said:
            sys.stderr.write(f"{trouble}\n")
        said = trouble
        time.sleep(PAUSE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
