"""Names and places of PostgreSQL's WAL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit_stack.backups.segments import Segments, position, written

MB = 1 << 20
SIZES = st.sampled_from([MB, 16 * MB, 1024 * MB])


@pytest.mark.parametrize(
    ("size", "name", "start"),
    [
        (16, "000000010000000000000001", "0/1000000"),
        (16, "0000000100000002000000FF", "2/FF000000"),
        (1, "000000010000000000000FFF", "0/FFF00000"),
        (1, "00000003000000010000000A", "1/A00000"),
    ],
)
def test_a_name_tells_where_a_segment_begins(size: int, name: str, start: str) -> None:
    segments = Segments.like(name, size * MB)
    assert written(segments.start(name)) == start
    assert segments.name(segments.number(name)) == name


@given(SIZES, st.integers(0, (1 << 63) - 1))
def test_every_place_is_in_the_segment_that_is_named_for_it(size: int, place: int) -> None:
    segments = Segments(1, size)
    name = segments.name(place // size)
    assert segments.start(name) <= place < segments.start(name) + size
    assert position(written(place)) == place


@pytest.mark.parametrize(
    ("start", "end", "numbers"),
    [
        (1, 2 * MB, [1]),  # the segment that the backup ends in is within the backup
        (MB, 2 * MB, [1]),
        (MB + 1, 2 * MB, []),
        (MB, 3 * MB + 1, [1, 2, 3]),
        (5 * MB, MB, []),
    ],
)
def test_a_backup_is_followed_by_the_segments_after_its_last(
    start: int, end: int, numbers: list[int]
) -> None:
    segments = Segments(1, MB)
    assert list(segments.between(start, end)) == [segments.name(n) for n in numbers]
