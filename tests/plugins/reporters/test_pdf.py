"""The report on paper, and what is said where it cannot be printed."""

from __future__ import annotations

import contextlib
import os
import re
import time
from datetime import datetime
from pathlib import Path

import pytest

from l7audit.assess.results import Results
from l7audit.errors import PluginError, UsageError
from l7audit.hookspecs import Reporter
from l7audit.journal import Records
from l7audit_plugins.reporters import browser, pdf


@pytest.fixture
def reporter() -> Reporter:
    return pdf.l7audit_register_reporter()


@pytest.fixture
def only_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `chromium` of a shell script that a test writes, before anything else on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    program = folder / "chromium"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the report belongs."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_it_is_chosen_and_verify_does_not_hold_its_bytes_against_it(reporter: Reporter) -> None:
    assert (reporter.by_default, reporter.repeatable) == (False, False)


def test_without_a_browser_one_sentence_says_what_to_do(
    reporter: Reporter,
    results: Results,
    records: Records,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="none is on the PATH") as raised:
        reporter.write(results, records, out)
    assert "Install one" in raised.value.mend
    assert list(out.iterdir()) == []


def test_a_browser_that_fails_is_quoted(
    reporter: Reporter, results: Results, records: Records, out: Path, only_browser: Path
) -> None:
    only_browser.write_text("#!/bin/sh\necho first >&2; echo no display >&2; exit 7\n")
    with pytest.raises(PluginError, match=r"chromium could not print .* ended with 7: no display"):
        reporter.write(results, records, out)
    assert list(out.iterdir()) == []


@pytest.mark.usefixtures("only_browser")
def test_a_browser_that_writes_nothing_is_no_success(
    reporter: Reporter, results: Results, records: Records, out: Path
) -> None:
    with pytest.raises(PluginError, match="it ended with 0"):
        reporter.write(results, records, out)
    assert list(out.iterdir()) == []


def test_a_browser_that_is_no_program_is_said(
    reporter: Reporter, results: Results, records: Records, out: Path, only_browser: Path
) -> None:
    only_browser.write_bytes(b"\x7fELF")
    with pytest.raises(PluginError, match="it cannot be started"):
        reporter.write(results, records, out)


def test_a_browser_that_hangs_is_ended_with_all_its_processes(
    reporter: Reporter,
    results: Results,
    records: Records,
    out: Path,
    only_browser: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = out.parent / "ids"
    only_browser.write_text(f"#!/bin/sh\nsleep 600 &\necho $$ $! > {ids}\nwait\n")
    monkeypatch.setattr(pdf, "SECONDS", 1.0)
    with pytest.raises(PluginError, match="it took longer than 1 s"):
        reporter.write(results, records, out)
    left = {int(name) for name in ids.read_text().split()}
    assert len(left) == 2
    ends = time.monotonic() + 30
    while left and time.monotonic() < ends:
        left = {process for process in left if _runs(process)}
        time.sleep(0.02)
    assert left == set()
    assert list(out.iterdir()) == []


def test_the_moment_of_the_run_stands_in_place_of_the_clock() -> None:
    found = b"/CreationDate (D:20990101000000+00'00')\n/ModDate (D:20990101000000+00'00')>>"
    told = b"/CreationDate (D:20260921141320+00'00')\n/ModDate (D:20260921141320+00'00')>>"
    assert pdf.dated(found, datetime(2026, 9, 21, 14, 13, 20)) == told


def test_a_browser_prints_the_report_and_leaves_nothing_else(
    reporter: Reporter,
    results: Results,
    records: Records,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not browser.found():
        pytest.skip("There is no Chromium or Chrome on the PATH.")
    monkeypatch.chdir(out)
    path = reporter.write(results, records, Path())
    assert [p.name for p in out.iterdir()] == ["report.pdf"]
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) > 5
    assert re.findall(rb"Date \(D:(\d+)", data) == [b"20260921141320"] * 2
    assert b"/StructTreeRoot" in data  # tagged: a screen reader finds headings and tables
    assert b"/JavaScript" not in data
    assert str(out).encode() not in data


def _runs(process: int) -> bool:
    """Whether it is there and no zombie that waits for its new parent."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
