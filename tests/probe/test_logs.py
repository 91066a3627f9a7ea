"""What is written to logs from a moment on: found, waited for, and never before it."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest

from l7audit.errors import ProviderError
from l7audit.probe.logs import Logs


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "api.log"
    path.write_bytes(b"long ago\n")
    return path


def grow(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_only_what_is_written_later_is_seen(file: Path) -> None:
    logs = Logs([str(file)])
    assert logs.written() == {str(file): b""}
    grow(file, b"just now\n")
    assert logs.written() == {str(file): b"just now\n"}


def test_a_log_that_is_begun_anew_is_seen_from_its_beginning(file: Path) -> None:
    logs = Logs([str(file)])
    file.write_bytes(b"anew\n")
    assert logs.written() == {str(file): b"anew\n"}


def test_a_log_may_begin_later(tmp_path: Path) -> None:
    later = tmp_path / "later.log"
    logs = Logs([str(later)])
    assert logs.written() == {str(later): b""}
    grow(later, b"here\n")
    assert logs.written() == {str(later): b"here\n"}


def test_a_line_on_its_way_is_waited_for(file: Path) -> None:
    logs = Logs([str(file)])
    writer = threading.Timer(0.1, grow, (file, b'{"id": "abc"}\n'))
    writer.start()
    assert logs.telling(["abc"], seconds=20, wanted=[str(file)]) == [str(file)]
    writer.join()


def test_what_never_comes_is_not_found(file: Path) -> None:
    assert Logs([str(file)]).telling(["abc"], seconds=0) == []


def test_a_secret_is_found_as_it_is_and_in_base64_but_not_by_its_beginning(file: Path) -> None:
    secret = "a-secret-of-some-length"
    logs = Logs([str(file)])
    grow(file, f"key {secret[:12]}\n".encode())
    assert not logs.holding(secret)
    grow(file, b"Basic " + base64.b64encode(f"user:{secret}".encode()) + b"\n")
    assert logs.holding(secret)


def test_a_log_that_can_not_be_read_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="can't be read") as caught:
        Logs([str(tmp_path)]).written()
    assert "target.logs" in caught.value.mend
