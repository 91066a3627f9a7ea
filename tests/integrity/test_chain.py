"""Which records were changed, dropped, added or moved."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable

import pytest

from l7audit.integrity import chain
from l7audit.integrity.manifest import JournalEnd

COUNT = 8


def sealed(count: int = COUNT, **last: object) -> tuple[list[bytes], JournalEnd]:
    """Lines that keep each other's digests, and their end."""
    lines: list[bytes] = []
    prev = ""
    for seq in range(1, count + 1):
        record = {"type": "fault", "seq": seq, "prev": prev, "check": f"c{seq}", **last}
        lines.append(json.dumps(record).encode())
        prev = hashlib.sha256(lines[-1]).hexdigest()
    return lines, JournalEnd(records=count, head=prev)


def said(lines: list[bytes], end: JournalEnd) -> list[str]:
    return list(chain.troubles(io.BytesIO(b"".join(line + b"\n" for line in lines)), end))


def name(seq: int) -> str:
    return f"Record {seq} (fault of c{seq})"


def test_a_whole_journal_has_no_troubles() -> None:
    assert said(*sealed()) == []


@pytest.mark.parametrize("seq", range(1, COUNT + 1))
def test_a_changed_record_is_named_alone(seq: int) -> None:
    lines, end = sealed()
    lines[seq - 1] = lines[seq - 1].replace(b'"check": "c', b'"check": "d')
    assert said(lines, end) == [f"Record {seq} (fault of d{seq}) was changed"]


@pytest.mark.parametrize("seq", range(2, COUNT + 1))
def test_a_record_whose_link_was_changed_is_named_and_the_one_before_it_in_doubt(seq: int) -> None:
    lines, end = sealed()
    record = json.loads(lines[seq - 1])
    lines[seq - 1] = json.dumps({**record, "prev": "0" * 64}).encode()
    before = name(seq - 1).replace("Record", "record")
    assert said(lines, end) == [f"{name(seq)} was changed, and perhaps {before}"]


@pytest.mark.parametrize("seq", range(1, COUNT + 1))
def test_a_record_whose_number_was_changed_is_named(seq: int) -> None:
    lines, end = sealed()
    record = json.loads(lines[seq - 1])
    lines[seq - 1] = json.dumps({**record, "seq": 77}).encode()
    assert said(lines, end) == [f"Record 77 (fault of c{seq}) was changed"]


@pytest.mark.parametrize("seq", range(1, COUNT))
def test_a_dropped_record_is_named(seq: int) -> None:
    lines, end = sealed()
    del lines[seq - 1]
    assert said(lines, end) == [f"Missing: record {seq}"]


def test_records_that_were_cut_off_are_counted() -> None:
    lines, end = sealed()
    assert said(lines[:-1], end) == ["Its last 1 record is missing"]
    assert said(lines[:-3], end) == ["Its last 3 records are missing"]
    assert said([], end) == [f"Its last {COUNT} records are missing"]


@pytest.mark.parametrize("at", range(1, COUNT - 1))
def test_two_swapped_records_are_one_that_was_moved(at: int) -> None:
    lines, end = sealed()
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    assert said(lines, end) == [f"{name(at + 1)} was moved"]


@pytest.mark.parametrize("at", range(1, COUNT))
def test_a_record_that_stands_twice_was_added(at: int) -> None:
    lines, end = sealed()
    lines.insert(at, lines[0])
    assert said(lines, end) == [f"{name(1)} was added"]


def test_a_line_that_is_no_record_is_named_by_its_line() -> None:
    lines, end = sealed()
    lines[3] = b"[" * 100_000
    assert said(lines, end) == ["Line 4 is no record", "Missing: record 4"]


def test_a_chain_that_was_made_anew_ends_elsewhere() -> None:
    lines, _ = sealed(note="another")
    _, end = sealed()
    assert said(lines, end) == [f"{name(COUNT)} was changed"]


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (lambda _: b"x", "and 35 more is no record"),
        (lambda line: line.replace(b'"check": "c', b'"check": "d'), "and perhaps the 39 before it"),
    ],
)
def test_many_are_counted_not_listed(spoil: Callable[[bytes], bytes], wanted: str) -> None:
    lines, end = sealed(60)
    spoilt = [*lines[:10], *map(spoil, lines[10:50]), *lines[50:]]
    found = said(spoilt, end)
    assert any(wanted in sentence for sentence in found), found
    assert sum(map(len, found)) < 2000
