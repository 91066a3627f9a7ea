"""Archives over HTTP, and every kind of archive that is more than plain files."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.archives import MAX_ENTRIES, read_archive

ZIP = {"Content-Type": "application/zip"}
MIB = 1024 * 1024


def zipped(
    *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return whole.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def refused(packed: bytes) -> int:
    with pytest.raises(Problem) as told:
        read_archive(packed)
    return told.value.status


def test_an_archive_becomes_files_of_its_sender(within: Callable[..., None]) -> None:
    async def story(people: Any) -> None:
        packed = zipped(("notes/", b""), ("notes/a.txt", b"one"), ("b.txt", b"two"))
        made = await people.bob.post("/v1/archives", content=packed, headers=ZIP)
        assert made.status_code == 201
        assert [f["path"] for f in made.json()["files"]] == ["notes/a.txt", "b.txt"]
        assert (await people.bob.get("/v1/files/notes/a.txt")).content == b"one"
        assert (await people.dave.get("/v1/files/b.txt")).status_code == 404
        for caller in (people.bea, people.carol):
            taken = await caller.post("/v1/archives", content=packed, headers=ZIP)
            assert taken.status_code == 403
        bad = zipped(("c.txt", b"three"), ("../d.txt", b"four"))
        assert (await people.bob.post("/v1/archives", content=bad, headers=ZIP)).status_code == 422
        assert (await people.bob.get("/v1/files/c.txt")).status_code == 404

    within(story)


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a/../b", "a\\b", "..\\a", "a//b", ".hidden", "C:a", "\u202ea"]
)
def test_a_name_that_no_file_may_have_is_refused(name: str) -> None:
    assert refused(zipped((name, b"x"))) == 422


def test_links_and_two_of_one_name_are_refused() -> None:
    assert refused(zipped((link("l"), b"/etc/passwd"))) == 422
    assert refused(zipped(("a", b"1"), ("A", b"2"))) == 422


def test_other_methods_than_deflate_are_refused() -> None:
    assert refused(zipped(("a", b"x"), method=zipfile.ZIP_BZIP2)) == 422


def test_more_than_the_bounds_is_refused() -> None:
    assert refused(zipped(*((f"f{n}", b"") for n in range(MAX_ENTRIES + 1)))) == 413
    assert refused(zipped(*((f"f{n}", b"\0" * MIB) for n in range(5)))) == 413
    assert refused(zipped(("a", b"\0" * (MIB + 1)))) == 413


def test_a_size_that_the_header_makes_small_lets_nothing_grow() -> None:
    packed = zipped(("a", b"\0" * (2 * MIB)))
    small = packed.replace((2 * MIB).to_bytes(4, "little"), (7).to_bytes(4, "little"))
    assert small != packed
    assert refused(small) in (400, 413)


def test_what_is_no_archive_is_refused() -> None:
    assert refused(b"PK\x03\x04 and no more") == 400
    whole = zipped(("a", b"content that is long enough to be broken" * 9))
    assert refused(whole[:40] + b"\xff" * 8 + whole[48:]) == 400
