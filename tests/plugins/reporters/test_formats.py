"""What holds for every format that other programs read."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from l7audit.assess.results import Results
from l7audit.hookspecs import Reporter
from l7audit.journal import Records
from l7audit_plugins.reporters import csv_table, junit, markdown, ocsf, oscal, sarif

FORMATS = {
    "sarif": (sarif, "report.sarif"),
    "junit": (junit, "junit.xml"),
    "markdown": (markdown, "summary.md"),
    "csv": (csv_table, "controls.csv"),
    "oscal": (oscal, "oscal.json"),
    "ocsf": (ocsf, "ocsf.jsonl"),
}


@pytest.fixture(params=FORMATS)
def reporter(request: pytest.FixtureRequest) -> Reporter:
    found: Reporter = FORMATS[request.param][0].l7audit_register_reporter()
    return found


def test_each_is_written_under_its_name(
    reporter: Reporter, results: Results, records: Records, tmp_path: Path
) -> None:
    path = reporter.write(results, records, tmp_path)
    assert path == tmp_path / FORMATS[reporter.name][1]
    assert path.stat().st_size > 1000


def test_writing_twice_gives_the_same_bytes(
    reporter: Reporter, results: Results, records: Records, tmp_path: Path
) -> None:
    first = reporter.write(results, records, tmp_path).read_bytes()
    assert reporter.write(results, records, tmp_path).read_bytes() == first


def test_the_journal_is_read_once_at_most_and_from_front_to_back(
    reporter: Reporter, results: Results, records: Records, tmp_path: Path
) -> None:
    passing = itertools.chain(records)
    path = reporter.write(results, passing, tmp_path)  # type: ignore[arg-type]
    once = path.read_bytes()
    assert reporter.write(results, records, tmp_path).read_bytes() == once


def test_a_folder_that_cannot_be_written_is_an_os_error(
    reporter: Reporter, results: Results, records: Records, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="missing"):
        reporter.write(results, records, tmp_path / "missing")


def test_nothing_that_the_target_says_hides(
    reporter: Reporter, spoiled: Results, spoiled_records: Records, tmp_path: Path
) -> None:
    text = reporter.write(spoiled, spoiled_records, tmp_path).read_text("utf-8")
    assert "U+202E" in text
    assert list(_hidden(text)) == []


def test_it_is_chosen_and_not_written_by_itself(reporter: Reporter) -> None:
    assert reporter.by_default is False


def _hidden(text: str) -> Iterator[str]:
    categories = {"Cc", "Cf", "Cs", "Co", "Cn"}
    return (c for c in text if unicodedata.category(c) in categories and c not in "\r\n\t")
