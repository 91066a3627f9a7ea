"""A stream sealed in chunks: AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway,
Vizar: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015).

    header    8 bytes that name the format, 32 random bytes
    chunks    1 MiB of the stream each, the last one shorter or empty, each followed by its tag

The random bytes make a key of this stream alone out of the one that is kept, so that the nonces may
count: seven zero bytes, the chunk's number, and whether it is the last one. So a chunk opens in its
place only, and nothing can be cut off, left out, added, exchanged or moved to another backup.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from l7audit_stack.backups.interface import DamagedBackupError

FORMAT = b"L7SEAL1\n"
CHUNK = 1 << 20
_RANDOM = 32
_TAG = 16


class ChunkedGcm:
    """The cipher of backups."""

    def seal(self, plain: Iterable[bytes], key: bytes, place: str) -> Iterator[bytes]:
        """The sealed stream. `key` has 32 bytes; `place` is authenticated with each chunk."""
        random = os.urandom(_RANDOM)
        cipher = AESGCM(derived(key, "stream", random))
        bound = FORMAT + random + place.encode()
        yield FORMAT + random
        for number, (chunk, last) in enumerate(_with_last(in_chunks(plain))):
            yield cipher.encrypt(_nonce(number, last=last), chunk, bound)

    def open(self, sealed: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
        """The stream, a chunk at a time, each only if it is as it was sealed.

        Raises DamagedBackupError; what came until then is not the whole.
        """
        header = sealed.read(len(FORMAT) + _RANDOM)
        if len(header) != len(FORMAT) + _RANDOM or not header.startswith(FORMAT):
            raise DamagedBackupError("The archive does not begin as a sealed one does.")
        cipher = AESGCM(derived(key, "stream", header[len(FORMAT) :]))
        bound = header + place.encode()
        chunks = iter(lambda: sealed.read(CHUNK + _TAG), b"")
        number = -1
        for number, (chunk, last) in enumerate(_with_last(chunks)):
            try:
                yield cipher.decrypt(_nonce(number, last=last), chunk, bound)
            except InvalidTag:
                raise DamagedBackupError(
                    f"The archive does not open from byte {number * CHUNK} on: it was changed or "
                    "cut short, or belongs to another backup."
                ) from None
        if number < 0:
            raise DamagedBackupError("The archive holds a beginning and nothing else.")


def derived(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """A key of 32 bytes for one purpose."""
    return HKDF(SHA256(), 32, salt, f"l7audit backup {purpose}".encode()).derive(key)


def in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of `CHUNK`, and a shorter or empty one at the end."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    yield bytes(waiting)


def _with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk, and whether none follows."""
    held: bytes | None = None
    for chunk in chunks:
        if held is not None:
            yield held, False
        held = chunk
    if held is not None:
        yield held, True


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])
