"""Earlier results are read from whatever is left of a run, or refused in one sentence."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from l7audit.assess.assess import assess
from l7audit.assess.loading import load_results
from l7audit.assess.results import Results, encode
from l7audit.errors import AuditError, JournalError, UsageError
from l7audit.folders import JOURNAL, RESULTS
from l7audit.journal import AnyRecord, Journal

TODAY = date(2026, 9, 21)


@pytest.fixture
def records(story: Any) -> list[AnyRecord]:
    told: list[AnyRecord] = story().control("AA-01").check("AA-01").end()
    return told


@pytest.fixture
def results(records: list[AnyRecord]) -> Results:
    return assess(records, TODAY)


@pytest.fixture
def folder(records: list[AnyRecord], results: Results, tmp_path: Path) -> Path:
    """A run's folder with both files."""
    with Journal(tmp_path / JOURNAL) as journal:
        for record in records:
            journal.append(record)
    (tmp_path / RESULTS).write_bytes(encode(results))
    return tmp_path


def test_a_folder_its_results_and_its_journal_say_the_same(folder: Path, results: Results) -> None:
    for path in (folder, folder / RESULTS, folder / JOURNAL):
        assert load_results(path) == results


def test_a_file_may_have_any_name(folder: Path, results: Results) -> None:
    assert load_results((folder / RESULTS).rename(folder / "last-year")) == results
    assert load_results((folder / JOURNAL).rename(folder / "of-a-friend")) == results


@pytest.mark.parametrize("text", [None, "", "{", '{"schema": "l7audit-results/0"}'])
def test_where_the_results_cannot_be_used_the_journal_is(
    text: str | None, folder: Path, results: Results
) -> None:
    (folder / RESULTS).unlink()
    if text is not None:
        (folder / RESULTS).write_text(text)
    assert load_results(folder) == results
    (folder / JOURNAL).unlink()
    with pytest.raises(UsageError):
        load_results(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"schema": "l7audit-results/0"}', "has the schema 'l7audit-results/0'; this version"),
        ('{"schema": "l7audit-results/1"}', "holds no results: Object missing required field"),
        ("{}", "names no schema; this version reads 'l7audit-results/1'"),
        ('{"schema": 7}', "holds no results: Expected `str`"),
        ("[]", "holds no results: Expected `object`"),
        ("\x00\x01", "holds no results"),
        ('{"schema":' + "[" * 100_000, "holds no results"),
        ('{"x":' + "[" * 100_000, "holds no results: it nests too deep"),
    ],
)
def test_a_file_that_holds_no_results_is_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UsageError, match=said) as error:
        load_results(tmp_path / "x.json")
    assert "\n" not in str(error.value)


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x cannot be read: No such file"):
        load_results(tmp_path / "x")
    with pytest.raises(UsageError, match="holds no run"):
        load_results(tmp_path)


def test_a_damaged_journal_says_where(folder: Path) -> None:
    text = (folder / JOURNAL).read_text().replace("AA-01::1", "AA-01::2", 1)
    (folder / JOURNAL).write_text(text)
    with pytest.raises(JournalError, match="lines 1 and 2 do not belong together") as error:
        load_results(folder / JOURNAL)
    assert isinstance(error.value, AuditError)
