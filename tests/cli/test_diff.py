"""`l7audit diff`: two runs by any of their names, and an exit code that says if anything is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l7audit.assess import results
from l7audit.exits import Exit
from l7audit.folders import JOURNAL, LATEST, OUT, PROOF, RESULTS
from l7audit.journal import Journal
from l7audit.model import Verdict

Call = Callable[..., Any]

PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR


@pytest.fixture
def kept(story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs: the first as a journal, the second as results, the newest as both."""
    monkeypatch.chdir(tmp_path)
    runs = {
        "20260101T000000Z": {"AA-01": FAIL, "AA-02": PASS, "AA-03": FAIL},
        "20260102T000000Z": {"AA-01": FAIL, "AA-02": FAIL, "AA-03": PASS},
        "20260103T000000Z": {"AA-01": FAIL, "AA-02": ERROR, "AA-03": PASS},
    }
    for number, (name, verdicts) in enumerate(runs.items()):
        folder = tmp_path / OUT / name
        folder.mkdir(parents=True)
        told = story(verdicts)
        if number != 1:
            with Journal(folder / JOURNAL) as journal:
                for record in told.records():
                    journal.append(record)
        if number:
            (folder / RESULTS).write_bytes(results.encode(told.results()))
    (tmp_path / OUT / LATEST).symlink_to("20260103T000000Z")
    return tmp_path / OUT


@pytest.mark.usefixtures("kept")
def test_it_says_what_is_new_fixed_and_unchanged_and_exits_with_1(call: Call) -> None:
    said = call("diff", "20260101T000000Z", "20260102T000000Z")
    assert said.code == Exit.FAILED
    assert "Score      33.3 to 33.3 (+0.0)" in said.out
    assert "New        AA-02  high  GET /things: AA-02 was seen to break.  f-AA-02" in said.out
    assert "Fixed      AA-03  high  GET /things: AA-03 was seen to break.  f-AA-03" in said.out
    assert "Unchanged  1 finding\n" in said.out
    assert "Verdicts   AA-02  pass to fail" in said.out
    assert said.out.endswith("Answer     1 new finding.\n")


def test_nothing_new_exits_with_0(call: Call, kept: Path) -> None:
    assert call("diff", "latest", str(kept / "20260103T000000Z" / JOURNAL)).code == Exit.PASSED


def test_a_finding_without_an_answer_exits_with_6(call: Call, kept: Path) -> None:
    said = call("diff", str(kept / "20260102T000000Z" / RESULTS), "latest")
    assert said.code == Exit.UNTRUSTED
    assert "Not tested AA-02  high" in said.out
    assert "AA-02 gave no answer again." in said.out


@pytest.mark.usefixtures("kept")
def test_programs_get_json(call: Call) -> None:
    said = call("diff", "20260101T000000Z", "20260102T000000Z", "--format", "json")
    found = json.loads(said.out)
    assert said.code == Exit.FAILED
    assert found["schema"] == "l7audit-diff/1"
    assert [f["fingerprint"] for f in found["new"]] == ["f-AA-02"]


def test_latest_is_the_newest_audit_even_after_a_proof(call: Call, kept: Path) -> None:
    proof = kept / "20260104T000000Z"
    proof.mkdir()
    (proof / PROOF).touch()
    (proof / RESULTS).touch()
    (kept / LATEST).unlink()
    (kept / LATEST).symlink_to(proof.name)
    assert "run r1" in call("diff", "latest", "latest").out
    said = call("diff", proof.name, "latest")
    assert (said.code, said.out) == (Exit.USAGE, "")
    assert "20260104T000000Z is a proof, not an audit." in said.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no results"),
        (b"{}", "names no schema"),
        (b'{"schema": "l7audit-results/0"}', "has the schema 'l7audit-results/0'"),
        (b'{"schema": "l7audit-results/1"}', "holds no results"),
        (b"[" * 100_000, "holds no results"),
        (b"\xff\xfe", "holds no results"),
        (None, "There is no run"),
    ],
)
@pytest.mark.parametrize("side", ["a", "b"])
def test_what_is_no_run_is_one_sentence(
    call: Call, kept: Path, content: bytes | None, said: str, side: str
) -> None:
    if content is not None:
        (kept.parent / "foreign.json").write_bytes(content)
    found = call("diff", *(("foreign.json", LATEST) if side == "a" else (LATEST, "foreign.json")))
    assert (found.code, found.out) == (Exit.USAGE, "")
    assert found.err.count("\n") == 1
    assert said in found.err


def test_a_results_file_that_was_cut_is_one_sentence(call: Call, kept: Path) -> None:
    whole = (kept / "20260102T000000Z" / RESULTS).read_bytes()
    for size in (1, len(whole) // 2, len(whole) - 3):
        Path("cut.json").write_bytes(whole[:size])
        found = call("diff", "cut.json", LATEST)
        assert (found.code, found.out) == (Exit.USAGE, "")
        assert "cut.json holds no results" in found.err


def test_a_hostile_run_cannot_write_to_the_terminal(call: Call, kept: Path) -> None:
    path = kept / "20260102T000000Z" / RESULTS
    text = path.read_text().replace("AA-02 was seen to break.", "\\u001b[2J\\nNothing is new.")
    Path("hostile.json").write_text(text)
    said = call("diff", "20260101T000000Z", "hostile.json")
    assert said.code == Exit.FAILED
    assert "\x1b" not in said.out
    assert said.out.count("\nNothing") == 0
