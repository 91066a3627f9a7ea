from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest

from l7audit_suites.path.archives import (
    FORMATS,
    TAR,
    TAR_GZ,
    ZIP,
    Format,
    different,
    through_a_link,
    ways_out,
)
from l7audit_suites.path.entries import HOLE, LIE, MUCH, Entry, Leads

ENTRIES = [
    Entry("../a", "x"),
    Entry("l", leads=Leads.SYMBOLIC, target="/etc/passwd"),
    Entry("h", leads=Leads.HARD, target="../b"),
]


def tar_entries(packed: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    """The entries, and what the files among them hold."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        found = []
        for member in archive.getmembers():
            source = archive.extractfile(member) if member.isreg() else None
            found.append((member, source.read() if source else b""))
        return found


def test_names_and_links_are_zipped_as_they_stand() -> None:
    archive = zipfile.ZipFile(io.BytesIO(ZIP.pack(ENTRIES)))
    file, link = archive.infolist()
    assert (file.filename, archive.read(file)) == ("../a", b"x")
    assert (link.filename, archive.read(link)) == ("l", b"/etc/passwd")
    assert stat.S_ISLNK(link.external_attr >> 16)
    assert stat.S_ISREG(file.external_attr >> 16)


@pytest.mark.parametrize("kind", [TAR, TAR_GZ], ids=lambda k: k.name)
def test_names_and_links_are_tarred_as_they_stand(kind: Format) -> None:
    (file, text), (link, _), (hard, _) = tar_entries(kind.pack(ENTRIES))
    assert (file.name, file.isreg(), text) == ("../a", True, b"x")
    assert (link.name, link.issym(), link.linkname) == ("l", True, "/etc/passwd")
    assert (hard.name, hard.islnk(), hard.linkname) == ("h", True, "../b")


def test_each_way_out_leads_to_the_file_in_each_folder() -> None:
    ways = ways_out(["acme", "7f"], "a.txt")
    assert all(len(names) == 2 for names in ways.values())
    assert {n.replace("\\", "/") for n in ways["backslashes"]} == set(ways["dot segments"])


def test_a_link_stands_before_what_is_written_through_it() -> None:
    link, file = through_a_link("l", {"../acme": "a.txt"})
    assert (link.leads, link.target) == (Leads.SYMBOLIC, "../acme")
    assert file.name == f"{link.name}/a.txt"


@pytest.mark.parametrize("kind", FORMATS, ids=lambda k: k.name)
def test_the_same_archive_has_the_same_bytes(kind: Format) -> None:
    assert kind.pack(ENTRIES) == kind.pack(ENTRIES)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda k: k.name)
def test_little_holds_much(kind: Format) -> None:
    assert all(len(archive) * 100 < MUCH for archive in kind.unfolding().values())


def test_what_is_much_comes_to_that() -> None:
    for how in ("one file", "many files"):
        entries = zipfile.ZipFile(io.BytesIO(ZIP.unfolding()[how])).infolist()
        assert sum(entry.file_size for entry in entries) == MUCH
        tarred = tar_entries(TAR_GZ.unfolding()[how.replace(" ", " gzipped ")])
        assert sum(len(content) for _, content in tarred) == MUCH


def test_an_archive_can_lie_about_what_it_holds() -> None:
    archive = zipfile.ZipFile(io.BytesIO(ZIP.unfolding()[LIE]))
    (entry,) = archive.infolist()
    assert entry.file_size == 1


def test_a_hole_is_as_large_as_it_says() -> None:
    ((member, content),) = tar_entries(TAR.unfolding()[HOLE])
    assert member.issparse()
    assert len(content) == MUCH


def test_what_only_folds_another_format_is_not_tried_beside_it() -> None:
    assert different(FORMATS) == [ZIP, TAR]
    assert different([TAR_GZ]) == [TAR_GZ]
