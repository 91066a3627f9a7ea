"""Tar archives over HTTP, and every kind of entry that is more than a plain file."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.archives import MAX_ENTRIES, MAX_UNPACKED
from l7audit_stack.api.routes.tarballs import read_tarball

MIB = 1024 * 1024


def tarred(
    *entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, leads: str = "", form: int = 1
) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=form) as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size = kind, leads, len(content)
            archive.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def read(packed: bytes) -> list[tuple[str, bytes]]:
    return read_tarball(packed, entries=MAX_ENTRIES, unpacked=MAX_UNPACKED)


def refused(packed: bytes) -> int:
    with pytest.raises(Problem) as told:
        read(packed)
    return told.value.status


@pytest.mark.parametrize("kind", ["application/x-tar", "application/gzip"])
def test_a_tarball_becomes_files_of_its_sender(within: Callable[..., None], kind: str) -> None:
    async def story(people: Any) -> None:
        name = kind.rpartition("/")[2]
        packed = tarred((f"{name}/a.txt", b"one"), (f"{name}.txt", b"two"))
        packed = gzip.compress(packed) if "gzip" in kind else packed
        headers = {"Content-Type": kind}
        made = await people.bob.post("/v1/archives", content=packed, headers=headers)
        assert made.status_code == 201
        assert (await people.bob.get(f"/v1/files/{name}/a.txt")).content == b"one"
        assert (await people.dave.get(f"/v1/files/{name}.txt")).status_code == 404
        bad = tarred((f"{name}-c.txt", b"three"), ("../d.txt", b"four"))
        answer = await people.bob.post("/v1/archives", content=bad, headers=headers)
        assert answer.status_code == 422
        assert (await people.bob.get(f"/v1/files/{name}-c.txt")).status_code == 404

    within(story)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_every_dialect_of_tar_is_read(form: int) -> None:
    long = "/".join(["folder-of-a-name"] * 7) + "/file.txt"
    assert read(tarred((long, b"x"), form=form)) == [(long, b"x")]


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a/../b", "a\\b", "..\\a", "a//b", ".hidden", "C:a", "\u202ea"]
)
def test_a_name_that_no_file_may_have_is_refused(name: str) -> None:
    assert refused(tarred((name, b"x"))) == 422


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.CONTTYPE],
)
def test_links_and_devices_are_refused(kind: bytes) -> None:
    assert refused(tarred(("l", b""), kind=kind, leads="/etc/passwd")) == 422


def test_two_of_one_name_are_refused() -> None:
    assert refused(tarred(("a", b"1"), ("A", b"2"))) == 422


def test_a_file_with_a_hole_in_it_is_refused() -> None:
    entry = tarfile.TarInfo("hole")
    entry.type = tarfile.GNUTYPE_SPARSE
    raw = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    raw[483:495] = b"%011o\0" % MIB
    raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + sum(raw[156:512]) + 8 * 32)
    assert refused(bytes(raw) + bytes(1024)) == 422


def test_more_than_the_bounds_is_refused() -> None:
    assert refused(tarred(*((f"f{n}", b"") for n in range(MAX_ENTRIES + 1)))) == 413
    assert refused(tarred(*((f"f{n}", b"\0" * MIB) for n in range(5)))) == 413
    assert refused(gzip.compress(tarred(("a", b"\0" * (MIB + 1))))) == 413
    assert refused(gzip.compress(b"\0" * (64 * MIB))) == 413


def test_the_bounds_themselves_may_be_reached() -> None:
    full = [(f"f{n}", b"\0" * MIB) for n in range(4)]
    assert len(read(gzip.compress(tarred(*full)))) == 4
    assert len(read(gzip.compress(tarred(*((f"f{n}", b"") for n in range(MAX_ENTRIES)))))) == 100


def test_an_entry_that_leads_back_to_itself_ends() -> None:
    raw = bytearray(tarfile.TarInfo("loop").tobuf(tarfile.GNU_FORMAT))
    raw[124:136] = b"\xff" * 10 + b"\xfc\x00"
    raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + sum(raw[156:512]) + 8 * 32)
    assert refused(bytes(raw) + bytes(1024)) in (400, 413)


def test_names_upon_names_are_refused() -> None:
    one = bytearray(tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT))
    one[156:157] = tarfile.GNUTYPE_LONGNAME
    one[148:156] = b"%06o\0 " % (sum(one[:148]) + sum(one[156:512]) + 8 * 32)
    assert refused(bytes(one) * 3000) == 400


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x1f\x8b", b"\x1f\x8b and no more", b"no archive " * 99,
     gzip.compress(b"no archive " * 99), gzip.compress(tarred(("a", b"x")))[:-9],
     tarred(("a", b"long enough" * 99))[:700]],
    ids=["nothing", "a mark", "a mark and words", "words", "packed words", "cut gzip", "cut tar"],
)  # fmt: skip
def test_what_is_no_archive_is_refused(packed: bytes) -> None:
    assert refused(packed) == 400
