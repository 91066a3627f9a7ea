"""`l7audit run`: the options become a profile and a session, the outcome an exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l7audit import folders, session
from l7audit.assess import results
from l7audit.exits import Exit
from l7audit.history import History
from l7audit.journal import Journal, RunResumed
from l7audit.model import Verdict
from l7audit.profile import Profile

Call = Callable[..., Any]
Asked = list[tuple[Profile, session.Options]]


@pytest.fixture
def asked(story: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    """A session that never runs: it shows its records to the listeners and keeps what it got."""
    calls: Asked = []
    monkeypatch.chdir(tmp_path)

    def run(profile: Any, plugins: Any, options: Any, progress: Any) -> session.Outcome:
        calls.append((profile, options))
        progress("starting PostgreSQL")
        told = story({"AA-01": Verdict.PASS, "AA-02": Verdict.FAIL})
        if options.resume:
            plugins.manager.hook.l7audit_observe_record(record=RunResumed())
        else:
            for record in told.records():
                plugins.manager.hook.l7audit_observe_record(record=record)
        outcome: session.Outcome = told.outcome_in(tmp_path / "l7audit-out" / "run")
        return outcome

    monkeypatch.setattr(session, "run", run)
    return calls


def test_it_shows_progress_and_the_summary_and_exits_with_the_gates_code(
    call: Call, asked: Asked
) -> None:
    said = call("run")
    lines = said.out.splitlines()
    assert said.code == Exit.FAILED
    assert said.err == ""
    assert lines[0] == "starting PostgreSQL"
    assert lines[2].startswith("pass         AA-01 ")
    assert lines[3].startswith("fail         AA-02 ")
    assert lines[-1].startswith("Gate       FAILED: AA-02 failed")
    assert "Report     l7audit-out/run/report.html" in said.out
    assert len(asked) == 1


def test_without_options_the_reference_stack_is_audited_whole(call: Call, asked: Asked) -> None:
    call("run")
    profile, options = asked[0]
    assert profile.target.provider == "embedded"
    assert options == session.Options()


def test_every_option_reaches_the_session(call: Call, asked: Asked) -> None:
    call(
        *("run", "--select", "AUTHN, CORS-02", "--select", "RATE", "--seed", "7"),
        *("--out", "elsewhere", "--jobs", "3"),
    )
    _, options = asked[0]
    assert options == session.Options(
        out=Path("elsewhere"), seed=7, select=("AUTHN", "CORS-02", "RATE"), jobs=3
    )


def test_a_url_aims_the_profile_at_it(call: Call, asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\ntarget: {openapi: openapi.json}\n")
    call("run", "--profile", "mine.yaml", "--target", "https://api.example.org")
    profile, _ = asked[0]
    assert profile.name == "mine"
    assert profile.target.provider == "external"
    assert profile.target.url == "https://api.example.org"
    assert profile.target.openapi == "openapi.json"


def test_a_provider_can_be_named_instead_of_the_profiles(
    call: Call, asked: Asked, tmp_path: Path
) -> None:
    (tmp_path / "l7audit.yaml").write_text("target: {provider: external, url: 'http://a.test'}\n")
    call("run")
    call("run", "--target", "containers")
    assert [p.target.provider for p, _ in asked] == ["external", "containers"]
    assert [p.target.url for p, _ in asked] == ["http://a.test", ""]


def _unfinished(story: Any, folder: Path, **plan: Any) -> Path:
    """The folder of a run that was killed after its first control."""
    folder.mkdir(parents=True)
    with Journal(folder / folders.JOURNAL) as journal:
        for record in story({"AA-01": Verdict.PASS, "AA-02": Verdict.PASS}, **plan).records()[:7]:
            journal.append(record)
    return folder


def test_resume_takes_the_newest_run_and_says_what_was_decided(
    call: Call, asked: Asked, story: Any, tmp_path: Path
) -> None:
    folder = _unfinished(story, tmp_path / "l7audit-out" / "20260101T000000Z")
    (tmp_path / "l7audit-out" / "latest").symlink_to(folder.name)
    said = call("run", "--resume", "--seed", "7")
    profile, options = asked[0]
    assert options.resume == folder
    assert profile.source == "reference"
    assert "1 of them were decided before; the run goes on." in said.out


def test_resume_takes_the_run_that_is_named(
    call: Call, asked: Asked, story: Any, tmp_path: Path
) -> None:
    folder = _unfinished(story, tmp_path / "kept")
    call("run", "--resume", "kept")
    assert asked[0][1].resume == folder


def test_resume_aims_at_the_target_that_the_run_had(
    call: Call, asked: Asked, story: Any, tmp_path: Path
) -> None:
    _unfinished(story, tmp_path / "kept", provider="external", target="https://api.example.org")
    call("run", "--resume", "kept")
    assert asked[0][0].target.url == "https://api.example.org"


def test_resuming_where_nothing_was_is_one_sentence(call: Call, asked: Asked) -> None:
    said = call("run", "--resume")
    assert asked == []
    assert said.out == ""
    assert "l7audit-out/latest holds no journal" in said.err
    assert said.code == Exit.USAGE


def test_the_history_is_the_users_and_its_troubles_are_notes(
    call: Call, asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("L7AUDIT_HISTORY", str(tmp_path / "kept.sqlite3"))
    session_run = session.run

    def troubled(profile: Any, plugins: Any, options: Any, progress: Any) -> session.Outcome:
        options.history.troubles.append("The history is full.")
        return session_run(profile, plugins, options, progress)

    monkeypatch.setattr(session, "run", troubled)
    said = call("run")
    assert asked[0][1].history.history == History(tmp_path / "kept.sqlite3")
    assert "\nNote       The history is full.\n" in said.out
    assert said.code == Exit.FAILED


@pytest.mark.parametrize("reference", ["latest", "20260101T000000Z", "l7audit-out/latest"])
def test_a_baseline_reaches_the_session_with_its_findings(
    call: Call, asked: Asked, story: Any, tmp_path: Path, reference: str
) -> None:
    folder = _unfinished(story, tmp_path / "l7audit-out" / "20260101T000000Z")
    (tmp_path / "l7audit-out" / "latest").symlink_to(folder.name)
    told = story({"AA-01": Verdict.FAIL}).results()
    (folder / folders.RESULTS).write_bytes(results.encode(told))
    call("run", "--baseline", reference)
    baseline = asked[0][1].baseline
    assert baseline is not None
    assert [(f.fingerprint, f.control) for f in baseline.findings] == [("f-AA-01", "AA-01")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--baseline", "latest"), "l7audit-out keeps no run yet. Audit something: l7audit run"),
        (("--baseline", "nowhere"), "There is no run 'nowhere'"),
        (("--baseline", "kept", "--resume", "kept"), "A run that goes on keeps its baseline."),
    ],
)
def test_a_baseline_that_cannot_be_had_is_one_sentence_before_anything_is_made(
    call: Call, asked: Asked, story: Any, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    _unfinished(story, tmp_path / "kept")
    found = call("run", *arguments)
    assert asked == []
    assert (found.code, found.out) == (Exit.USAGE, "")
    assert said in found.err


def test_quiet_leaves_report_and_decision(call: Call, asked: Asked) -> None:
    said = call("run", "-q")
    assert asked
    assert [line.split()[0] for line in said.out.splitlines()] == ["Report", "Gate"]
