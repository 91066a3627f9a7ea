"""Which texts begin a record of a log."""

from __future__ import annotations

import json

import pytest

from l7audit_suites.input.lines import BREAKS, begins, forged

MARK = "lqbcdfgh"


@pytest.mark.parametrize("name", BREAKS)
def test_a_text_that_is_written_as_it_came_begins_a_record(name: str) -> None:
    assert begins(f"GET /{forged(MARK)[name]} 200\n".encode(), MARK)


@pytest.mark.parametrize("name", BREAKS)
def test_a_text_that_is_encoded_stays_within_its_record(name: str) -> None:
    assert not begins(json.dumps({"path": forged(MARK)[name]}).encode() + b"\n", MARK)


def test_a_mark_within_a_line_is_no_record() -> None:
    assert not begins(f"GET /{MARK} 200\n".encode(), MARK)


def test_another_record_behind_a_line_says_nothing() -> None:
    assert not begins(f"GET /x 200\nGET /{MARK} 200\n".encode(), MARK)
