"""What reaches the terminal: one line where one is due, and nothing that moves a cursor."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit.cli.streams import PatientStream, one_line, printable


@given(st.text())
def test_no_text_can_move_the_cursor_or_break_the_line(text: str) -> None:
    assert one_line(text).isprintable() or not one_line(text)
    assert all(line.isprintable() for line in printable(text).split("\n"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcode 漢", "plain ünïcode 漢"),
        ("a\x1b[2Jb", "a\ufffd[2Jb"),
        ("a\r\nb\tc", "a\ufffd b\ufffdc"),
        ("right\u202eleft", "right\ufffdleft"),
    ],
)
def test_what_is_harmless_stays_and_the_rest_is_shown_as_unknown(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_patient_stream_passes_everything_on_while_somebody_reads() -> None:
    inner = io.StringIO()
    stream = PatientStream(inner)
    assert stream.write("abc") == 3
    stream.flush()
    assert inner.getvalue() == "abc"
    assert stream.writable()
    assert not stream.isatty()


def test_a_patient_stream_goes_on_in_silence_once_its_reader_has_gone() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8", buffering=1) as inner:
        stream = PatientStream(inner)
        for _ in range(3):
            assert stream.write("line\n") == 5
            stream.flush()
        assert stream.fileno() == inner.fileno()
        assert stream.encoding == "utf-8"
