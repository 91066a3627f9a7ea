from __future__ import annotations

import io
import stat
import zipfile

from l7audit_suites.path.archives import MUCH, packed, unfolding, ways_out


def test_names_and_links_are_packed_as_they_stand() -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed({"../a": "x"}, {"l": "/etc/passwd"})))
    file, link = archive.infolist()
    assert (file.filename, archive.read(file)) == ("../a", b"x")
    assert (link.filename, archive.read(link)) == ("l", b"/etc/passwd")
    assert stat.S_ISLNK(link.external_attr >> 16)
    assert stat.S_ISREG(file.external_attr >> 16)


def test_each_way_out_leads_to_the_file_in_each_folder() -> None:
    ways = ways_out(["acme", "7f"], "a.txt")
    assert all(len(names) == 2 for names in ways.values())
    assert {n.replace("\\", "/") for n in ways["backslashes"]} == set(ways["dot segments"])


def test_the_same_archive_has_the_same_bytes() -> None:
    assert packed({"a": "x"}) == packed({"a": "x"})


def test_little_holds_much() -> None:
    archives = unfolding()
    assert all(len(archive) * 100 < MUCH for archive in archives.values())
    for how in ("one file", "many files"):
        entries = zipfile.ZipFile(io.BytesIO(archives[how])).infolist()
        assert sum(entry.file_size for entry in entries) == MUCH


def test_an_archive_can_lie_about_what_it_holds() -> None:
    archive = zipfile.ZipFile(io.BytesIO(unfolding()["a size that is a lie"]))
    (entry,) = archive.infolist()
    assert entry.file_size == 1
