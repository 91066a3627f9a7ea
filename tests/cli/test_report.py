"""`l7audit report`: the same reports again, from nothing but the journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l7audit import folders
from l7audit.assess import results
from l7audit.exits import Exit
from l7audit.journal import Journal
from l7audit.model import Verdict

Call = Callable[..., Any]


@pytest.fixture
def folder(story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a finished run that nobody has rendered."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "l7audit-out" / "20260101T000000Z"
    folder.mkdir(parents=True)
    (tmp_path / "l7audit-out" / "latest").symlink_to(folder.name)
    with Journal(folder / folders.JOURNAL) as journal:
        for record in story({"AA-01": Verdict.PASS, "AA-02": Verdict.FAIL}).records():
            journal.append(record)
    return folder


def test_the_newest_run_is_rendered_beside_its_journal(call: Call, folder: Path) -> None:
    said = call("report")
    assert said.code == Exit.FAILED
    assert "Gate       FAILED" in said.out
    found = results.decode((folder / "results.json").read_bytes())
    assert [c.verdict for c in found.controls] == [Verdict.PASS, Verdict.FAIL]
    assert (folder / "report.html").is_file()


@pytest.mark.parametrize("name", ["", "/journal.jsonl"])
def test_a_folder_or_a_journal_can_be_named(call: Call, folder: Path, name: str) -> None:
    assert call("report", f"{folder}{name}", "-q").code == Exit.FAILED


def test_only_the_wanted_formats_are_written_where_they_are_wanted(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    call("report", str(folder), "--format", "json", "--out", "elsewhere")
    assert [p.name for p in (tmp_path / "elsewhere").iterdir()] == ["results.json"]
    assert [p.name for p in folder.iterdir()] == ["journal.jsonl"]


def test_rendering_twice_writes_the_same_bytes(call: Call, folder: Path) -> None:
    call("report")
    first = {p.name: p.read_bytes() for p in folder.iterdir()}
    call("report")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == first


def test_an_unknown_format_is_one_sentence_with_those_that_there_are(
    call: Call, folder: Path
) -> None:
    said = call("report", str(folder), "--format", "papyrus")
    assert said.code == Exit.USAGE
    assert "There is no reporter 'papyrus'. There are: csv, html, json" in said.err
    assert said.out == ""


def test_a_journal_cut_mid_line_is_rendered_but_never_passes(
    call: Call, folder: Path, story: Any
) -> None:
    journal = folder / folders.JOURNAL
    journal.unlink()
    with Journal(journal) as writer:
        for record in story({"AA-01": Verdict.PASS, "AA-02": Verdict.PASS}).records():
            writer.append(record)
    journal.write_bytes(journal.read_bytes()[:-20])
    said = call("report")
    assert said.code == Exit.UNTRUSTED
    assert "The journal ends before the run did" in said.out
    assert "Go on      l7audit run --resume" in said.out


def test_a_file_that_is_no_journal_is_one_sentence(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{}\n")
    said = call("report", str(tmp_path / "x"))
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "x is no journal: " in said.err
