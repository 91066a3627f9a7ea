"""Taking, listing, verifying and opening backups, whatever they come from and lie in."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import secrets
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from l7audit_stack.backups.interface import (
    FORMAT,
    BackupError,
    Cipher,
    DamagedBackupError,
    Listed,
    Manifest,
    Prepared,
    Repository,
    Source,
)
from l7audit_stack.backups.keys import BackupKeys
from l7audit_stack.backups.recovery import Aim, Recovery
from l7audit_stack.backups.sealing import derived
from l7audit_stack.backups.unpacking import unpack
from l7audit_stack.backups.wal_archive import WalArchive

_TAIL = 64 * 1024
_RANGE = re.compile(
    rb'"Timeline": (\d+), "Start-LSN": "([0-9A-F]+/[0-9A-F]+)", "End-LSN": "([0-9A-F]+/[0-9A-F]+)"'
)


@dataclass(frozen=True)
class Backups:
    """The backups of one database server. All methods raise `BackupError`, and `OSError` where the
    repository's place refuses."""

    source: Source
    cipher: Cipher
    repository: Repository
    keys: BackupKeys
    wal: WalArchive
    recovery: Recovery = field(default_factory=Recovery)

    def take(self) -> Listed:
        """A new backup. Interrupted at any moment it leaves nothing that looks like one."""
        began, clock = datetime.now(UTC), time.monotonic()
        backup = f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        kid, key = self.keys.newest()
        digest, sealed_size = hashlib.sha256(), 0
        with self.repository.begin(backup) as unfinished, self.source.stream() as stream:
            plain = _Watched(stream)
            for piece in self.cipher.seal(plain, key, place(backup, kid)):
                unfinished.write(piece)
                digest.update(piece)
                sealed_size += len(piece)
            timeline, start, end = plain.wal()
            manifest = Manifest(
                id=backup,
                taken_at=f"{began:%Y-%m-%dT%H:%M:%SZ}",
                seconds=round(time.monotonic() - clock, 3),
                server=self.source.version(),
                timeline=timeline,
                start_lsn=start,
                end_lsn=end,
                key=kid,
                size=plain.size,
                sealed_size=sealed_size,
                sha256=digest.hexdigest(),
            )
            manifest = msgspec.structs.replace(manifest, mac=_mac(manifest, key))
            unfinished.publish(msgspec.json.encode(manifest))
        return self._listed(backup)

    def all(self) -> list[Listed]:
        """Newest first. Only manifests are looked at, no archive is opened."""
        return [self._listed(backup) for backup in reversed(self.repository.ids())]

    def verify(self, backup: str) -> Listed:
        """Opens all of it and of the WAL after it, and has its source check what comes out."""
        listed = self._listed(backup)
        if listed.manifest is None or listed.trouble:
            return listed
        try:
            deque(self.wal.opened(self.wal.after(listed.manifest)), maxlen=0)
            self.source.check(self._opened(listed.manifest))
        except DamagedBackupError as error:
            return msgspec.structs.replace(listed, trouble=str(error))
        return listed

    def open(self, backup: str, target: Path) -> None:
        """Writes the opened archive to `target`, which must not exist; all of it or nothing."""
        if target.exists():
            raise BackupError(f"{target} is there already: name another file.")
        part = target.with_name(f"{target.name}.part")
        try:
            with part.open("xb") as file:
                part.chmod(0o600)
                for piece in self._opened(self._manifest(backup)):
                    file.write(piece)
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)

    def plan(self, aim: Aim) -> Listed:
        """The backup that a restore to there begins with."""
        return self._listed(self.recovery.chosen(aim, self.all()))

    def prepare(self, aim: Aim, folder: Path) -> Prepared:
        """Makes `folder`, as a data folder of a server that recovers to there when it is started.
        What was archived when it begins is what it gets. Interrupted, it leaves a folder that no
        server starts with."""
        manifest = self._manifest(self.plan(aim).id)
        settings = self.recovery.settings(aim)
        extent = self.wal.extent()
        segments = dict(self.wal.opened(self.recovery.segments(self.wal, manifest)))
        folder.mkdir(mode=0o700)
        unpack(self._opened(manifest), folder)
        for name, content in segments.items():
            (folder / "pg_wal" / name).write_bytes(content)
        with (folder / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (folder / "recovery.signal").touch()
        return Prepared(
            backup=manifest.id,
            segments=len(segments),
            archived_to=extent.lsn if extent else manifest.end_lsn,
        )

    def remove(self, backup: str) -> None:
        """Removes it for good, and the WAL that only it went on to."""
        self.repository.remove(backup)
        left = [one.manifest for one in self.all()]
        if None not in left:  # of one that can't be read nobody knows what it needs
            self.wal.forget(left[-1] if left else None)

    def _listed(self, backup: str) -> Listed:
        listed = Listed(
            id=backup, folder=str(self.repository.place(backup)), wal=self.wal.objects.place()
        )
        try:
            listed = msgspec.structs.replace(listed, manifest=self._manifest(backup))
            extent = self.wal.extent()
        except DamagedBackupError as error:
            return msgspec.structs.replace(listed, trouble=str(error))
        if extent is None:
            return listed
        return msgspec.structs.replace(listed, archived_to=extent.lsn, archived_at=extent.at)

    def _manifest(self, backup: str) -> Manifest:
        """What is said beside the archive, if nobody else said it."""
        try:
            manifest = msgspec.json.decode(self.repository.manifest(backup), type=Manifest)
        except FileNotFoundError:
            raise DamagedBackupError("Its manifest is gone.") from None
        except msgspec.DecodeError:
            raise DamagedBackupError("Its manifest can't be read.") from None
        if manifest.format != FORMAT:
            raise DamagedBackupError(
                f"Its format is {manifest.format}, and this version reads {FORMAT}."
            )
        said = _mac(manifest, self.keys.of(manifest.key))
        if not hmac.compare_digest(said, manifest.mac) or manifest.id != backup:
            raise DamagedBackupError("Its manifest was changed, or is another backup's.")
        return manifest

    def _opened(self, manifest: Manifest) -> Iterator[bytes]:
        """The archive. Errors: `DamagedBackupError`, at the end at the latest."""
        key, size = self.keys.of(manifest.key), 0
        try:
            archive = self.repository.archive(manifest.id)
        except FileNotFoundError:
            raise DamagedBackupError("Its archive is gone.") from None
        with archive:
            sealed = _Digesting(archive)
            where = place(manifest.id, manifest.key)
            for piece in self.cipher.open(io.BufferedReader(sealed), key, where):
                size += len(piece)
                yield piece
        self.compare(manifest, sealed.digest.hexdigest(), size)

    def compare(self, manifest: Manifest, sha256: str, size: int) -> None:
        """Whether that is the archive which the manifest means."""
        if (sha256, size) != (manifest.sha256, manifest.size):
            raise DamagedBackupError("Its archive is not the one that its manifest names.")


def place(backup: str, kid: str) -> str:
    """What an archive is sealed as: the same bytes under another backup's name do not open."""
    return f"{backup} {kid}"


def _mac(manifest: Manifest, key: bytes) -> str:
    said = msgspec.json.encode(msgspec.structs.replace(manifest, mac=""))
    return hmac.new(derived(key, "manifest"), said, hashlib.sha256).hexdigest()


class _Watched:
    """A tar stream on its way: its size, and its end, in which PostgreSQL says what it holds."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._tail = b""
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            self._tail = (self._tail + piece)[-_TAIL:]
            yield piece

    def wal(self) -> tuple[int, str, str]:
        """Timeline, start and end of the WAL that makes it consistent. Errors: `BackupError`."""
        found = _RANGE.findall(self._tail)
        if not found:
            raise BackupError("PostgreSQL's archive ends without its manifest: it is not whole.")
        timeline, start, end = found[-1]
        return int(timeline), start.decode(), end.decode()


class _Digesting(io.RawIOBase):
    """A file, and the digest of what was read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        self.digest.update(piece)
        return len(piece)
