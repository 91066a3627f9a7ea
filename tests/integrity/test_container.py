"""The container: one zip for the same files, whatever made it and whatever opens it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from l7audit.integrity import container
from l7audit.integrity.container import Entry, directory, pack, read_header, window

FILES = {"manifest.json": b"{}\n", "a/ü.txt": b"hello", "empty": b""}


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    pack(out, ((name, [data[:2], data[2:]]) for name, data in files.items()))
    return out.getvalue()


def test_any_program_that_opens_zip_files_opens_it() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(FILES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert oct(info.external_attr >> 16) == "0o100644"


def test_its_bytes_are_the_same_for_ever() -> None:
    digest = hashlib.sha256(packed(FILES)).hexdigest()
    assert digest == "5c0c0b9859d5a1df7d2e3fd54b563b800ddb8bab2b263fa02953a80c39a4a2b2"


def test_a_header_is_read_back_and_any_other_is_none() -> None:
    data = packed(FILES)
    entry = read_header(io.BytesIO(data))
    assert entry is not None
    assert (entry.name, entry.size, entry.start) == ("manifest.json", 3, 43)
    for at in set(range(43)) - set(range(14, 18)):  # the checksum is held against the bytes
        changed = bytearray(data)
        changed[at] ^= 0x80
        assert read_header(io.BytesIO(bytes(changed))) is None, at
    assert read_header(io.BytesIO(data[:20])) is None
    assert read_header(io.BytesIO(b"")) is None


def test_a_bundle_of_nothing_ends_at_once() -> None:
    assert directory([]) == b"PK\5\6" + b"\0" * 18


def test_more_than_zip_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LIMIT", 100)
    with pytest.raises(ValueError, match="beyond 4 GiB"):
        packed({"a": b"x" * 80})
    with pytest.raises(ValueError, match="beyond 4 GiB"):
        packed({"a": b"x" * 40})  # with the list at its end


def test_a_window_is_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789\nabcdef\nrest")
    with window(path, 5, 13) as file:
        assert file.readline() == b"56789\n"
        assert file.read() == b"abcdef\n"
        file.seek(0)
        assert list(file) == [b"56789\n", b"abcdef\n"]
        assert file.seek(-3, 2) == 10
        assert file.read(100) == b"ef\n"
        assert file.seek(100) == 100
        assert file.read() == b""


def test_an_entry_says_where_its_bytes_end() -> None:
    assert Entry("a", 10, 0, 31).end == 41
