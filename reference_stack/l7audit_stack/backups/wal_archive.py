"""The WAL after a backup, kept beside it: each segment sealed as an archive is, the newest one
again and again while it fills. It tells how far it goes, so that what is missing is missed.

One file a segment: a line that says what it is (`Header`, signed), then what is sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from l7audit_stack.backups.interface import FORMAT, Cipher, DamagedBackupError, Manifest, Objects
from l7audit_stack.backups.keys import BackupKeys
from l7audit_stack.backups.sealing import derived
from l7audit_stack.backups.segments import NAME, Segments, position, written

WHOLE, FILLING = ".wal", ".filling"
_EXTENT = "extent.json"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a sealed segment is: `size` counts its bytes once opened and padded with zeros, `sha256`
    is of what follows this line."""

    format: int = FORMAT
    name: str
    key: str
    size: int
    sha256: str
    mac: str = ""


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """How far the archive goes: at `at` it held all that the server had written up to `lsn`."""

    format: int = FORMAT
    timeline: int
    segment_size: int
    lsn: str
    at: str  # UTC, RFC 3339
    key: str
    mac: str = ""


_Signed = TypeVar("_Signed", Header, Extent)


@dataclass(frozen=True)
class WalArchive:
    """The archive in a place that keeps objects by name. Errors of all that read:
    `DamagedBackupError`, whose sentence names the segment."""

    cipher: Cipher
    objects: Objects
    keys: BackupKeys

    def add(self, name: str, content: bytes, *, size: int) -> None:
        """Keeps a segment; one that still fills, shorter than its `size`, under another name."""
        kid, key = self.keys.newest()
        sealed = b"".join(self.cipher.seal([content], key, _place(name, kid)))
        digest = hashlib.sha256(sealed).hexdigest()
        header = Header(name=name, key=kid, size=size, sha256=digest)
        whole = len(content) == size
        self.objects.put(
            name + (WHOLE if whole else FILLING),
            msgspec.json.encode(_signed(header, key)) + b"\n" + sealed,
        )
        if whole:
            self.objects.remove(name + FILLING)

    def tell(self, segments: Segments, position: int) -> None:
        """Notes that all is here that was written until now."""
        kid, key = self.keys.newest()
        extent = Extent(
            timeline=segments.timeline,
            segment_size=segments.size,
            lsn=written(position),
            at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            key=kid,
        )
        self.objects.put(_EXTENT, msgspec.json.encode(_signed(extent, key)))

    def forget(self, oldest: Manifest | None) -> None:
        """Removes what the oldest backup, and so each, does without; all where there is none."""
        kept = ""
        if oldest is not None and (extent := self.extent()) is not None:
            segments = Segments(oldest.timeline, extent.segment_size)
            kept = segments.name(position(oldest.end_lsn) // segments.size)
        elif oldest is not None:
            return
        for name in self.objects.names():
            if name.endswith(WHOLE) and (not kept or name < kept):
                self.objects.remove(name)

    def extent(self) -> Extent | None:
        """How far it goes; None where nothing was archived."""
        try:
            told = self.objects.get(_EXTENT)
        except FileNotFoundError:
            return None
        try:
            extent = msgspec.json.decode(told, type=Extent)
        except msgspec.DecodeError:
            raise DamagedBackupError("How far the archive of WAL goes can't be read.") from None
        if not self._is_ours(extent):
            raise DamagedBackupError("How far the archive of WAL goes was changed.")
        return extent

    def after(self, manifest: Manifest) -> Sequence[str]:
        """The names of the segments that go on from a backup to the archive's end. Errors: also
        where one of them is missing."""
        extent = self.extent()
        if extent is None:
            return []
        segments = Segments(manifest.timeline, extent.segment_size)
        if extent.timeline != manifest.timeline:
            raise DamagedBackupError(
                f"The archive of WAL is of timeline {extent.timeline}, and the backup of "
                f"{manifest.timeline}: take a new one."
            )
        needed = list(segments.between(position(manifest.end_lsn), position(extent.lsn)))
        self.check(needed)
        return needed

    def check(self, needed: Sequence[str]) -> None:
        """Whether all these segments are there. Only the last one may still be filling."""
        there = set(self.objects.names())
        kept = {name for name in needed if name + WHOLE in there}
        kept |= {name for name in needed[-1:] if name + FILLING in there}
        missing = [name for name in needed if name not in kept]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise DamagedBackupError(
                f"The archive of WAL has a gap: the segment {missing[0]}{more} is missing."
            )

    def opened(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """These segments and what is in them, as PostgreSQL wrote it."""
        for name in names:
            yield name, self._opened(name)

    def _opened(self, name: str) -> bytes:
        head, _, sealed = self._object(name).partition(b"\n")
        try:
            header = msgspec.json.decode(head, type=Header)
        except msgspec.DecodeError:
            raise _damaged(name, "it does not begin as a segment of the archive does") from None
        if not self._is_ours(header) or header.name != name:
            raise _damaged(name, "its beginning was changed, or is another's")
        if not self.is_meant(header, hashlib.sha256(sealed).hexdigest()):
            raise _damaged(name, "it was changed")
        key = self.keys.of(header.key)
        try:
            opened = self.cipher.open(io.BytesIO(sealed), key, _place(name, header.key))
            return b"".join(opened).ljust(header.size, b"\0")
        except DamagedBackupError:
            raise _damaged(name, "it does not open") from None

    def is_meant(self, header: Header, sha256: str) -> bool:
        """Whether that is what the header means."""
        return hmac.compare_digest(header.sha256, sha256)

    def _object(self, name: str) -> bytes:
        """A segment that is whole meanwhile is no longer one that fills."""
        for ending in (WHOLE, FILLING, WHOLE):
            try:
                return self.objects.get(name + ending)
            except FileNotFoundError:
                continue
        raise _damaged(name, "it is missing")

    def _is_ours(self, said: Header | Extent) -> bool:
        key = self.keys.of(said.key)
        return said.format == FORMAT and hmac.compare_digest(_mac(said, key), said.mac)


def is_segment(name: str) -> bool:
    """Whether a file of that name is a whole segment as PostgreSQL names it."""
    return NAME.fullmatch(name) is not None


def _place(name: str, kid: str) -> str:
    return f"wal {name} {kid}"


def _damaged(name: str, why: str) -> DamagedBackupError:
    return DamagedBackupError(f"The WAL segment {name} can't be relied on: {why}.")


def _signed(said: _Signed, key: bytes) -> _Signed:
    return msgspec.structs.replace(said, mac=_mac(said, key))


def _mac(said: Header | Extent, key: bytes) -> str:
    plain = msgspec.json.encode(msgspec.structs.replace(said, mac=""))
    purpose = type(said).__name__.lower()
    return hmac.new(derived(key, purpose), plain, hashlib.sha256).hexdigest()
