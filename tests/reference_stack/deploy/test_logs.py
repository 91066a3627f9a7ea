"""The end of a log."""

from __future__ import annotations

from pathlib import Path

from l7audit_stack.deploy.logs import last_lines


def test_the_last_lines_are_shown_without_empty_ones(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\n\ntwo\nthree\n")
    assert last_lines(log, 2) == "  two\n  three"


def test_lines_of_an_earlier_start_are_left_out(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("earlier\n")
    assert last_lines(log, since=log.stat().st_size) == "  (nothing was logged)"


def test_a_log_that_was_never_written_is_said_to_be_empty(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none.log") == "  (nothing was logged)"


def test_bytes_that_are_no_text_do_not_hide_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"\xff\xfe\nport taken\n")
    assert "port taken" in last_lines(log)
