"""A sealed stream opens as it was, in its place, or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import pytest

from l7audit_stack.backups.interface import DamagedBackupError
from l7audit_stack.backups.sealing import CHUNK, FORMAT, ChunkedGcm, in_chunks

KEY = bytes(range(32))
HEADER = len(FORMAT) + 32
SEALED_CHUNK = CHUNK + 16
TEXT = os.urandom(2 * CHUNK + 1000)


def _seal(plain: bytes, place: str = "one", key: bytes = KEY) -> bytes:
    return b"".join(ChunkedGcm().seal([plain[:70_000], plain[70_000:]], key, place))


def _open(sealed: bytes, place: str = "one", key: bytes = KEY) -> bytes:
    return b"".join(ChunkedGcm().open(io.BytesIO(sealed), key, place))


_TELLING = 16
"""Bytes that stand nowhere by chance; one does."""


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1000])
def test_what_was_sealed_opens_as_it_was(size: int) -> None:
    sealed = _seal(TEXT[:size])
    assert _open(sealed) == TEXT[:size]
    assert size < _TELLING or TEXT[:size] not in sealed


def test_the_same_stream_is_never_sealed_to_the_same() -> None:
    one, two = _seal(bytes(CHUNK)), _seal(bytes(CHUNK))
    assert one[HEADER : HEADER + 100] != two[HEADER : HEADER + 100]


def _flip(at: int) -> Callable[[bytes], bytes]:
    return lambda s: s[:at] + bytes([s[at] ^ 1]) + s[at + 1 :]


def _swap(sealed: bytes) -> bytes:
    first, second = HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK
    return sealed[:HEADER] + sealed[first:second] + sealed[HEADER:first] + sealed[second:]


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the format": _flip(0),
    "a bit of the random bytes": _flip(len(FORMAT) + 3),
    "a bit of the first chunk": _flip(HEADER + 10),
    "a bit of a tag": _flip(HEADER + CHUNK + 3),
    "the last bit": lambda s: _flip(len(s) - 1)(s),
    "cut within a chunk": lambda s: s[:-1],
    "cut between chunks": lambda s: s[: HEADER + 2 * SEALED_CHUNK],
    "cut after the header": lambda s: s[:HEADER],
    "cut within the header": lambda s: s[:20],
    "nothing left": lambda s: s[:0],
    "a byte more": lambda s: s + b"\0",
    "a chunk twice": lambda s: s + s[HEADER + 2 * SEALED_CHUNK :],
    "chunks in another order": _swap,
    "a chunk left out": lambda s: s[:HEADER] + s[HEADER + SEALED_CHUNK :],
    "chunks of another stream": lambda s: _seal(TEXT)[:HEADER] + s[HEADER:],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_stream_does_not_open(change: str) -> None:
    with pytest.raises(DamagedBackupError):
        _open(CHANGES[change](_seal(TEXT)))


def test_another_key_and_another_place_open_nothing() -> None:
    with pytest.raises(DamagedBackupError):
        _open(_seal(TEXT), key=bytes(32))
    with pytest.raises(DamagedBackupError):
        _open(_seal(TEXT), place="two")


def test_nothing_is_given_that_was_changed() -> None:
    sealed = _flip(HEADER + SEALED_CHUNK + 5)(_seal(TEXT))
    pieces = ChunkedGcm().open(io.BytesIO(sealed), KEY, "one")
    assert next(pieces) == TEXT[:CHUNK]
    with pytest.raises(DamagedBackupError, match=f"from byte {CHUNK} on"):
        next(pieces)


def test_a_stream_is_cut_into_chunks_whatever_it_comes_in() -> None:
    pieces = [TEXT[i : i + 300_001] for i in range(0, len(TEXT), 300_001)]
    chunks = list(in_chunks(pieces))
    assert [len(c) for c in chunks] == [CHUNK, CHUNK, 1000]
    assert b"".join(chunks) == TEXT
