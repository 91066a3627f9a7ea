"""What a backup is, and the parts by which one is taken: where it comes from, what seals it,
where it is kept.

Each part can be another: a base backup with only what changed is a further `Source`, and another
`kind` of manifest; a bucket is a further `Repository` and `Objects`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

FORMAT = 1
FULL = "full"


class BackupError(Exception):
    """The backup can't be taken or read. The text is a sentence for the user."""


class DamagedBackupError(BackupError):
    """The backup is not as it was taken, or its key is gone."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a backup without opening it; it lies beside it, readable and signed.

    `size` counts the bytes of the opened archive, `sealed_size` and `sha256` are of the sealed one.
    What was written up to `end_lsn` is in it. `mac` is over all other fields.
    """

    format: int = FORMAT
    kind: str = FULL
    id: str
    taken_at: str  # when it began: UTC, RFC 3339
    seconds: float
    server: str  # PostgreSQL and its version
    timeline: int
    start_lsn: str
    end_lsn: str
    key: str  # the id of the key
    size: int
    sealed_size: int
    sha256: str
    mac: str = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A backup of the repository: its manifest, and why it is not to be relied on, if so.

    `wal` is where the WAL lies that goes on from it, up to `archived_to` at `archived_at`.
    """

    id: str
    folder: str
    manifest: Manifest | None = None
    wal: str = ""
    archived_to: str = ""
    archived_at: str = ""
    trouble: str = ""

    def described(self) -> dict[str, Any]:
        """All of it in one object, for whoever knows neither class."""
        told = msgspec.to_builtins(self.manifest) if self.manifest else {}
        mine = msgspec.to_builtins(msgspec.structs.replace(self, manifest=None))
        del mine["manifest"]
        return {**told, **mine}


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What a data folder was made of: a backup, and so many segments of WAL after it, which go up
    to `archived_to`."""

    backup: str
    segments: int
    archived_to: str


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """A scratch database that runs. `url` is a secret; `seconds` is what all of it took."""

    url: str
    folder: str
    seconds: float
    backup: str
    segments: int
    archived_to: str


class Source(Protocol):
    """Where an archive comes from."""

    def version(self) -> str:
        """The server and its version. Errors: `BackupError`."""

    def stream(self) -> AbstractContextManager[Iterator[bytes]]:
        """A tar archive with `backup_manifest` as its last member. Errors: `BackupError`, also
        after the last byte where the archive is not whole."""

    def check(self, archive: Iterator[bytes]) -> None:
        """Holds an archive's contents against its own manifest. Errors: `DamagedBackupError`."""


class Cipher(Protocol):
    """Seals a stream; `place` is what the stream is, and belongs to no other."""

    def seal(self, plain: Iterable[bytes], key: bytes, place: str) -> Iterator[bytes]: ...

    def open(self, sealed: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
        """Errors: `DamagedBackupError`; what was given before it is as it was sealed."""


class Unfinished(Protocol):
    """A backup that nobody sees until it is published."""

    def write(self, piece: bytes) -> None: ...

    def publish(self, manifest: bytes) -> None:
        """Makes it a backup, whole and at once."""


class Objects(Protocol):
    """Pieces of bytes kept by name. Errors of all: `OSError`."""

    def names(self) -> list[str]:
        """Of all that is kept."""

    def place(self) -> str:
        """Where they lie, for people."""

    def put(self, name: str, content: bytes) -> None:
        """Keeps it in place of what had that name: whole and at once."""

    def get(self, name: str) -> bytes:
        """Errors: `FileNotFoundError`."""

    def remove(self, name: str) -> None:
        """Nothing happens where there is none."""


class Repository(Protocol):
    """Where backups are kept. Errors of all: `BackupError` and `OSError`."""

    def begin(self, backup: str) -> AbstractContextManager[Unfinished]:
        """Room for a new backup; without `publish` nothing of it stays."""

    def ids(self) -> list[str]:
        """Those that were published, oldest first."""

    def place(self, backup: str) -> Path:
        """The folder that all of a backup lies in. Errors: where there is none of that id."""

    def manifest(self, backup: str) -> bytes: ...

    def archive(self, backup: str) -> BinaryIO: ...

    def remove(self, backup: str) -> None: ...
