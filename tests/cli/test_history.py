"""`l7audit history`: what is listed, how it is drawn, and what can be read in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit import folders
from l7audit.assess.results import encode
from l7audit.exits import Exit
from l7audit.journal import Journal, RunStarted
from l7audit.model import Verdict

Call = Callable[..., Any]
Keep = Callable[..., Path]

PASS, FAIL = Verdict.PASS, Verdict.FAIL


@pytest.fixture(autouse=True)
def own_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history of this test's own, in an empty folder."""
    path = tmp_path / "history.sqlite3"
    monkeypatch.setenv("L7AUDIT_HISTORY", str(path))
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def keep(story: Any, tmp_path: Path) -> Keep:
    """Writes a run's folder below `runs`: its number of an hour, its verdicts, its plan."""

    def write(number: int, *verdicts: Verdict, name: str = "", **plan: Any) -> Path:
        folder = tmp_path / "runs" / (name or f"run-{number}")
        folder.mkdir(parents=True)
        told = story({f"AA-0{n}": v for n, v in enumerate(verdicts, start=1)})
        with Journal(folder / folders.JOURNAL) as journal:
            for record in told.records():
                changed = msgspec.structs.replace(record, time=record.time + 3600 * number)
                if isinstance(changed, RunStarted):
                    fields = {"run": f"run-{number}", "profile_name": "mine", **plan}
                    changed = msgspec.structs.replace(changed, **fields)
                journal.append(changed)
        return folder

    return write


def test_an_empty_history_says_how_runs_come_into_it(call: Call) -> None:
    said = call("history")
    assert (said.code, said.out) == (Exit.PASSED, "No run is kept yet; l7audit run adds each.\n")
    assert "No run of the profile 'x' is kept yet" in call("history", "--profile", "x").out


def test_runs_are_listed_with_their_change_and_a_sparkline(call: Call, keep: Keep) -> None:
    keep(1, FAIL, FAIL, PASS, PASS)
    keep(2, PASS, FAIL, PASS, FAIL)
    keep(3, PASS, PASS, PASS, PASS)
    assert call("history", "import", "runs").out == "3 runs imported.\n"
    lines = call("history").out.splitlines()
    assert lines[0] == "mine, embedded https://127.0.0.1  ▁▁█  50.0 to 100.0 in 3 runs"
    assert [line.split() for line in lines[1:]] == [
        ["date", "(UTC)", "score", "change", "coverage", "decision", "findings", "run"],
        ["2023-11-14", "23:13", "50.0", "100.0%", "failed", "2", "run-1"],
        ["2023-11-15", "00:13", "50.0", "+0.0", "100.0%", "failed",
         "2", "(1", "new,", "1", "fixed)", "run-2"],
        ["2023-11-15", "01:13", "100.0", "+50.0", "100.0%", "passed",
         "0", "(0", "new,", "2", "fixed)", "run-3"],
    ]  # fmt: skip


def test_what_may_not_be_compared_stands_apart(call: Call, keep: Keep) -> None:
    keep(1, PASS)
    keep(2, FAIL, profile_name="theirs")
    keep(3, PASS, selected=["aa-01"])
    keep(4, PASS, target="https://127.0.0.1:9999")
    call("history", "import", "runs")
    titles = [line for line in call("history").out.splitlines() if not line.startswith(" ")]
    assert titles == [
        "mine, embedded https://127.0.0.1  ▁▁  100.0 to 100.0 in 2 runs",
        "theirs, embedded https://127.0.0.1",
        "mine, embedded https://127.0.0.1, only AA-01",
    ]
    only = call("history", "--profile", "theirs", "--limit", "1").out
    assert "run-2" in only
    assert "mine" not in only


def test_a_terminal_without_blocks_gets_plain_characters(
    call: Call, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(1, FAIL, PASS)
    keep(2, PASS, PASS)
    call("history", "import", "runs")
    monkeypatch.setattr(type(sys.stdout), "encoding", "ascii", raising=False)
    assert "_#  50.0 to 100.0" in call("history").out


def test_the_listing_can_be_read_by_programs(call: Call, keep: Keep) -> None:
    keep(1, FAIL, PASS)
    keep(2, PASS, PASS)
    call("history", "import", "runs")
    listed = json.loads(call("history", "--format", "json").out)
    assert listed["schema"] == "l7audit-history/1"
    first, second = listed["runs"]
    assert first["findings"] == [
        {"fingerprint": "f-AA-01", "control": "AA-01", "place": "GET /things", "severity": "high",
         "waived": False}
    ]  # fmt: skip
    assert second["change"] == {"run": "run-1", "score": 50.0, "new": 0, "fixed": 1}
    assert second["verdicts"] == {"pass": 2}


def test_importing_twice_changes_nothing(call: Call, keep: Keep) -> None:
    keep(1, FAIL)
    keep(2, PASS)
    call("history", "import", "runs")
    once = call("history", "--format", "json").out
    assert call("history", "import", "runs/run-1", "runs/run-2").code == Exit.PASSED
    assert call("history", "--format", "json").out == once


def test_a_run_may_be_a_folder_a_journal_or_results_alone(
    call: Call, keep: Keep, story: Any, tmp_path: Path
) -> None:
    journal = keep(1, PASS) / folders.JOURNAL
    results = tmp_path / "results-of-last-year.json"
    results.write_bytes(encode(story({"AA-01": FAIL}).results()))
    assert call("history", "import", str(journal), str(results)).out == "2 runs imported.\n"
    titles = [line for line in call("history").out.splitlines() if not line.startswith(" ")]
    assert [t.split(",")[0] for t in titles] == ["reference", "mine"]  # by the profile's file


def test_what_cannot_be_read_is_said_and_the_rest_imported(
    call: Call, keep: Keep, tmp_path: Path
) -> None:
    keep(1, PASS)
    (tmp_path / "old.json").write_text('{"schema": "l7audit-results/0", "runs": []}')
    (tmp_path / "empty").mkdir()
    said = call("history", "import", "old.json", "empty", "nowhere.json", "runs")
    assert said.code == Exit.USAGE
    assert said.err == ""
    assert said.out.splitlines() == [
        "old.json has the schema 'l7audit-results/0'; this version reads 'l7audit-results/1'. "
        "Write it again from its journal: l7audit report FOLDER",
        "empty holds no run. Name a run's folder, its results.json or its journal.",
        "nowhere.json cannot be read: No such file or directory.",
        "1 run imported.",
    ]


def test_proofs_replays_and_the_link_to_the_newest_are_no_further_runs(
    call: Call, keep: Keep, tmp_path: Path
) -> None:
    keep(1, PASS)
    (keep(2, FAIL) / folders.PROOF).write_text("{}")
    keep(3, FAIL, name="replay-20260101T000000Z")
    (tmp_path / "runs" / "latest").symlink_to("run-1")
    assert call("history", "import", "runs").out == "1 run imported.\n"
    for name, what in (("run-2", "proof"), ("replay-20260101T000000Z/journal.jsonl", "replay")):
        said = call("history", "import", f"runs/{name}")
        assert said.code == Exit.USAGE
        assert f"is a {what}" in said.out


def test_runs_can_be_forgotten_and_pruned(call: Call, keep: Keep) -> None:
    for number in range(1, 5):
        keep(number, PASS)
    call("history", "import", "runs")
    assert call("history", "forget", "run-4").out == "The run run-4 is forgotten.\n"
    assert call("history", "prune", "--keep", "2").out == "1 run forgotten.\n"
    said = call("history", "forget", "run-1")
    assert said.code == Exit.USAGE
    assert "No run begins with 'run-1'" in said.err


def test_switched_off_it_says_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("L7AUDIT_HISTORY", "off")
    said = call("history")
    assert said.code == Exit.USAGE
    assert "The history is off: L7AUDIT_HISTORY=off." in said.err


def test_a_damaged_file_is_one_sentence(call: Call, own_history: Path) -> None:
    own_history.write_bytes(b"nothing that a database begins with" * 100)
    said = call("history")
    assert said.code == Exit.INTERNAL
    assert said.err.count("\n") == 1
    assert "is damaged" in said.err
