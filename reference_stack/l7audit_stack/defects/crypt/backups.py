"""Planted defects of backups: what lies there says something without a key, or opens changed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.folder import FolderRepository, UnfinishedFolder
from l7audit_stack.backups.interface import Manifest
from l7audit_stack.backups.keys import BackupKeys
from l7audit_stack.backups.sealing import CHUNK, in_chunks
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import Defect

_BLOCK = 16


class Plain:
    """No cipher."""

    def seal(self, plain: Iterable[bytes], key: bytes, place: str) -> Iterator[bytes]:
        yield from plain

    def open(self, sealed: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
        return iter(lambda: sealed.read(CHUNK), b"")


class Compressed(Plain):
    """Members of gzip, one after the other, as they come."""

    def seal(self, plain: Iterable[bytes], key: bytes, place: str) -> Iterator[bytes]:
        return (gzip.compress(chunk, 1) for chunk in in_chunks(plain))

    def open(self, sealed: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
        with gzip.GzipFile(fileobj=sealed) as file:
            yield from iter(lambda: file.read(CHUNK), b"")


class Counting:
    """AES-256 in counter mode: nobody reads it, and whoever flips a bit flips that of the rows."""

    def seal(self, plain: Iterable[bytes], key: bytes, place: str) -> Iterator[bytes]:
        nonce = os.urandom(_BLOCK)
        yield nonce
        stream = Cipher(algorithms.AES256(key), modes.CTR(nonce)).encryptor()
        yield from map(stream.update, plain)

    def open(self, sealed: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
        stream = Cipher(algorithms.AES256(key), modes.CTR(sealed.read(_BLOCK))).decryptor()
        yield from map(stream.update, iter(lambda: sealed.read(CHUNK), b""))


class BlockByBlock:
    """AES-256 in ECB mode: the same block becomes the same ciphertext. A tar has whole blocks."""

    def seal(self, plain: Iterable[bytes], key: bytes, place: str) -> Iterator[bytes]:
        yield from map(Cipher(algorithms.AES256(key), modes.ECB()).encryptor().update, plain)

    def open(self, sealed: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
        chunks = iter(lambda: sealed.read(CHUNK), b"")
        yield from map(Cipher(algorithms.AES256(key), modes.ECB()).decryptor().update, chunks)


@dataclass(frozen=True)
class Trusting(Backups):
    """Takes whatever comes out of the cipher."""

    def compare(self, manifest: Manifest, sha256: str, size: int) -> None:
        """Compares nothing."""


@dataclass(frozen=True)
class Talkative(FolderRepository):
    """Puts another file beside each archive."""

    beside: Callable[[Path], None]

    @contextmanager
    def begin(self, backup: str) -> Iterator[UnfinishedFolder]:
        with super().begin(backup) as unfinished:
            self.beside(unfinished.folder)
            yield unfinished


def _ciphered(kind: type[Plain | Counting | BlockByBlock]) -> Callable[[Backups], Backups]:
    return lambda backups: replace(backups, cipher=kind())


def _talkative(beside: Callable[[Path, BackupKeys], None]) -> Callable[[Backups], Backups]:
    def swap(backups: Backups) -> Backups:
        repository = become(
            Talkative, backups.repository, beside=lambda folder: beside(folder, backups.keys)
        )
        return replace(backups, repository=repository)

    return swap


def _key_beside(folder: Path, keys: BackupKeys) -> None:
    (folder / "README.txt").write_text(f"To restore, use the key {keys.newest()[1].hex()}\n")


def _inventory_beside(folder: Path, keys: BackupKeys) -> None:
    """As tools of backups write it: programs, the cipher, a key's id and a digest of the key."""
    (folder / "backup.info").write_text(
        "tool=pg_basebackup\nformat=tar\ncompression=gzip\nfiles=PG_VERSION,global/pg_control\n"
        f"cipher=aes-256\nkey-id={keys.newest()[0]}\nkey-check={os.urandom(32).hex()}\n"
    )


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="crypt.backups-in-plain",
        summary="Backups are written as they come from the database.",
        backups=_ciphered(Plain),
    ),
    Defect(
        name="crypt.backups-compressed",
        summary="Backups are compressed, which looks unreadable, and not encrypted.",
        backups=_ciphered(Compressed),
    ),
    Defect(
        name="crypt.backups-block-by-block",
        summary="Backups are encrypted so that equal blocks show (ECB).",
        backups=_ciphered(BlockByBlock),
    ),
    Defect(
        name="crypt.backups-changed-unnoticed",
        summary="Backups are encrypted and not authenticated: a changed one opens.",
        backups=lambda backups: replace(become(Trusting, backups), cipher=Counting()),
    ),
    Defect(
        name="crypt.backups-with-their-key",
        summary="The key lies beside each backup.",
        backups=_talkative(_key_beside),
    ),
    Defect(
        name="crypt.backups-described",
        summary="A readable inventory beside each backup names tools, files and the key's id.",
        near_miss=True,
        backups=_talkative(_inventory_beside),
    ),
)
