"""What is read in a backup's bytes, and what is not."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from l7audit_suites.crypt.forms import readable
from l7audit_suites.crypt.raw_backups import holding, key_forms, repeats, structure

MARKER = "l7audit0123456789abcd"
NOISE = os.urandom(3_000_000)


def _tar(content: bytes = MARKER.encode()) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("base/1/1259")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def _zip(raw: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows", raw)
    return file.getvalue()


PACKERS: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, lzma.compress, _zip]


def test_a_row_is_found_plain_and_encoded() -> None:
    for form in readable(MARKER):
        assert holding(NOISE + form.encode() + NOISE, readable(MARKER)) == "as it lies"
    assert holding(NOISE, readable(MARKER)) == ""


@pytest.mark.parametrize("pack", PACKERS)
def test_a_row_and_a_structure_are_found_in_what_is_packed(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(_tar())
    assert MARKER.encode() not in packed or pack is _zip
    assert holding(packed, [MARKER])
    if pack is not _zip:  # within it lies a file, which happens to be a tar
        assert structure("x", packed) == "a tar archive, unpacked"


def test_members_of_gzip_one_after_the_other_and_a_broken_end_are_read() -> None:
    packed = gzip.compress(NOISE[:1000]) + gzip.compress(_tar())
    assert holding(packed + b"no more of it", [MARKER]) == "unpacked"


@pytest.mark.parametrize(
    ("name", "raw", "told"),
    [
        ("x", _tar(), "a tar archive, as it lies"),
        ("x", NOISE[:5000] + _tar(), "a tar archive, as it lies"),
        ("x", b"PGDMP\x01" + NOISE, "a dump of pg_dump, as it lies"),
        ("x", gzip.compress(b"--\n-- PostgreSQL database dump\n"), "a dump of pg_dump, unpacked"),
        ("x", b"SQLite format 3\x00" + NOISE, "a database of SQLite, as it lies"),
        ("x", b"\x28\xb5\x2f\xfd" + NOISE, "data compressed with zstd, as it lies"),
        ("PG_VERSION", b"18\n", "the data folder of PostgreSQL, as it lies"),
    ],
)
def test_what_a_file_is_made_of_is_told(name: str, raw: bytes, told: str) -> None:
    assert structure(name, raw) == told


@pytest.mark.parametrize(
    "raw",
    [
        NOISE,
        b"",
        b"Salted__" + NOISE,
        b"\x1f\x8b\x08" + NOISE,
        b"PK\x03\x04" + NOISE,
        NOISE[:4000] + b"ustar\x0000" + NOISE,
        bytes(4096) + NOISE,
        b'{"tool": "pg_basebackup", "format": "ustar", "files": ["PG_VERSION"]}',
    ],
)
def test_what_is_sealed_and_what_describes_it_tell_nothing(raw: bytes) -> None:
    assert structure("PG_VERSION.sealed", raw) == ""


def test_equal_blocks_are_seen_and_chance_is_not() -> None:
    assert repeats(NOISE[:16] * 200_000)
    assert repeats(b"".join(NOISE[i : i + 1024] + NOISE[:1024] for i in range(0, 2**20, 1024)))
    assert not repeats(NOISE)
    assert not repeats(NOISE[:16] * 10)


@pytest.mark.parametrize("raw", [bytes(range(32)), os.urandom(32)])
def test_a_key_is_known_in_its_forms(raw: bytes) -> None:
    for content in (raw.hex().encode() + b"\n", raw):
        forms = key_forms(content)
        beside = [
            raw, raw.hex().encode(), raw.hex().upper().encode(),
            base64.b64encode(raw), base64.urlsafe_b64encode(raw),
        ]  # fmt: skip
        assert all(any(form in b"key=" + there for form in forms) for there in beside)
        assert not any(form in NOISE for form in forms)


def test_a_short_word_is_no_key() -> None:
    assert key_forms(b"password") == set()
