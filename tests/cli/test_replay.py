"""`l7audit replay`: how a finding is named, what is shown, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from booth.service import Booth
from booth.suite import ANSWERS, GUARDED, Suite, profile_file

from l7audit import plugins as all_plugins
from l7audit import replay as replays
from l7audit.assess.replay import Known
from l7audit.exits import Exit
from l7audit.folders import JOURNAL, PROOF
from l7audit.journal import Journal, Records
from l7audit.model import Verdict

Call = Callable[..., Any]
MakeSuite = Callable[..., Suite]


@pytest.fixture
def audited(
    call: Call,
    booth: Booth,
    make_suite: MakeSuite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Known]:
    """The findings of the newest run: two, of an open booth."""
    monkeypatch.setattr(
        all_plugins, "BUILT_IN", [n for n in all_plugins.BUILT_IN if n != "l7audit_suites"]
    )
    monkeypatch.chdir(tmp_path)
    booth.weak |= {"open", "odd"}
    odd = ANSWERS.replace("answer.ok, Place", 'not answer.json()["odd"], Place')
    suite = make_suite({"AA-01": GUARDED, "AA-02": odd, "AA-03": ANSWERS})
    path = profile_file(tmp_path, suite, booth)
    assert call("run", "--profile", str(path), "--format", "json", "-q").code == Exit.FAILED
    return replays.findings_of(Records(tmp_path / "l7audit-out" / "latest" / JOURNAL))


def test_a_finding_that_is_still_there_is_shown_side_by_side(
    call: Call, audited: list[Known], booth: Booth
) -> None:
    known = audited[0]
    said = call("replay", known.fingerprint[:8])
    assert (said.code, said.err) == (Exit.FAILED, "")
    lines = [line.rstrip() for line in said.out.splitlines()]
    headline = f"STILL THERE  {known.fingerprint} AA-01  high  GET /things: It opens without a key"
    assert headline in lines
    assert "Mend         How" in lines
    shown = [line.split() for line in lines]
    assert ["request", "GET", f"{booth.url}/things", "the", "same"] in shown
    assert ["status", "200", "200"] in shown
    assert ["body", "2", "bytes", "the", "same"] in shown
    assert any(line.startswith("curl  curl ") and f"{booth.url}/things" in line for line in lines)
    assert lines[-1].startswith("Journal      l7audit-out/replay-")
    assert booth.key not in said.out


def test_a_mended_finding_shows_what_is_answered_now(
    call: Call, audited: list[Known], booth: Booth
) -> None:
    booth.weak.clear()
    said = call("replay", audited[0].fingerprint)
    assert (said.code, said.err) == (Exit.PASSED, "")
    assert f"FIXED        {audited[0].fingerprint}" in said.out
    shown = [line.split() for line in said.out.splitlines()]
    assert ["status", "200", "401"] in shown
    assert ["body", "[]", "{}"] in shown


def test_a_target_that_is_gone_leaves_the_question_open(
    call: Call, audited: list[Known], booth: Booth
) -> None:
    booth.die()
    said = call("replay", audited[0].fingerprint)
    assert (said.code, said.err) == (Exit.UNTRUSTED, "")
    assert "CAN'T TELL   " in said.out
    assert "nothing listens" in said.out
    assert "not sent this time" in said.out
    assert "Journal" not in said.out


def test_all_findings_are_a_line_each_and_the_worst_gives_the_exit_code(
    call: Call, audited: list[Known], booth: Booth, tmp_path: Path
) -> None:
    assert [k.control.id for k in audited] == ["AA-01", "AA-02"]
    booth.weak.discard("open")
    said = call("replay", "--all")
    assert said.code == Exit.FAILED
    lines = said.out.splitlines()
    assert [line.split("  ")[0] for line in lines if "GET /" in line] == ["FIXED", "STILL THERE"]
    assert "2 findings: 1 FIXED, 1 STILL THERE" in lines
    booth.weak.clear()
    run = (tmp_path / "l7audit-out" / "latest").resolve()
    assert call("replay", "--all", str(run)).code == Exit.PASSED
    booth.good_for = 0
    said = call("replay", "--all", str(run / JOURNAL), "-q")
    assert said.code == Exit.UNTRUSTED
    assert [line.split("  ")[0] for line in said.out.splitlines()] == [
        "CAN'T TELL", "FIXED", "Journal",
    ]  # fmt: skip


def test_an_unknown_finding_is_one_sentence_with_those_there_are(
    call: Call, audited: list[Known]
) -> None:
    for name in ("zz", ""):
        said = call("replay", *filter(None, [name]))
        assert (said.code, said.out) == (Exit.USAGE, "")
        assert f"No finding begins with {name!r}" in said.err
        assert all(known.fingerprint in said.err for known in audited)


def test_a_run_can_be_named_and_the_new_folder_placed(
    call: Call, audited: list[Known], tmp_path: Path
) -> None:
    kept = (tmp_path / "l7audit-out" / "latest").resolve().rename(tmp_path / "kept")
    said = call("replay", audited[0].fingerprint, "kept", "--out", "elsewhere")
    assert said.code == Exit.FAILED
    assert [p.name[:7] for p in (tmp_path / "elsewhere").iterdir()] == ["replay-"]
    (tmp_path / "file").touch()
    said = call("replay", audited[0].fingerprint, str(kept / JOURNAL), "--out", "file/in")
    assert said.code == Exit.USAGE
    assert "file/in cannot be written: Not a directory. Choose another with --out" in said.err


def test_with_a_profile_that_is_gone_another_can_be_named(
    call: Call, audited: list[Known], tmp_path: Path
) -> None:
    moved = (tmp_path / "booth.yaml").rename(tmp_path / "moved.yaml")
    said = call("replay", audited[0].fingerprint)
    assert said.code == Exit.USAGE
    assert "There is no profile" in said.err
    assert call("replay", audited[0].fingerprint, "--profile", str(moved)).code == Exit.FAILED


def test_what_cannot_be_sent_again_is_one_sentence(
    call: Call, audited: list[Known], tmp_path: Path
) -> None:
    said = call("replay", "--all", "one", "two")
    assert said.code == Exit.USAGE
    assert "With --all no finding is named" in said.err
    assert "nowhere cannot be read" in call("replay", "ab", "nowhere").err
    (tmp_path / "l7audit-out" / "latest" / PROOF).write_text("{}")
    said = call("replay", audited[0].fingerprint)
    assert said.code == Exit.USAGE
    assert "is a proof" in said.err


def test_a_run_without_findings_has_nothing_to_send_again(
    call: Call, story: Any, tmp_path: Path
) -> None:
    with Journal(tmp_path / JOURNAL) as journal:
        for record in story({"AA-01": Verdict.PASS}).records():
            journal.append(record)
    said = call("replay", "--all", str(tmp_path))
    assert said.code == Exit.PASSED
    assert "holds no finding." in said.out
    assert call("replay", "ab", str(tmp_path)).code == Exit.USAGE
