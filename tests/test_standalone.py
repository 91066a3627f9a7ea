"""Audits in the caller's own pytest: the same journal, and nothing at all without the option."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, HEAD, Suite, profile_file

from l7audit import journal as journals
from l7audit.folders import JOURNAL, LATEST
from l7audit.history import History
from l7audit.journal import CheckEnded, RunEnded, RunStarted

MakeSuite = Callable[..., Suite]
Pytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(tmp_path: Path) -> Pytest:
    """pytest in an empty folder of the caller's, with the installed suites on its path.

    Other projects' plugins cost seconds, so most tests name ours themselves.
    """
    folder = tmp_path / "caller"
    folder.mkdir()

    def run(*arguments: str, plugin: str = "") -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        if plugin:
            arguments = ("-p", plugin, *arguments)
            environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=environment | {"PYTHONPATH": str(tmp_path / "site")},
        )

    return run


@pytest.fixture
def audit(call: Pytest) -> Pytest:
    """The same with our plugin alone."""
    return functools.partial(call, plugin="l7audit.pytest_plugin")


@pytest.fixture
def asked(tmp_path: Path, booth: Booth) -> Callable[..., list[str]]:
    """The arguments that audit the booth with a suite."""

    def arguments(suite: Suite, **more: Any) -> list[str]:
        path = profile_file(tmp_path, suite, booth, **more)
        return ["--pyargs", suite.package, "--l7audit-profile", str(path), "--l7audit-seed", "5"]

    return arguments


def test_its_run_enters_the_history_and_a_history_that_is_damaged_is_told(
    audit: Pytest, asked: Any, make_suite: MakeSuite, tmp_path: Path, monkeypatch: Any
) -> None:
    kept = History(tmp_path / "history.sqlite3")
    monkeypatch.setenv("L7AUDIT_HISTORY", str(kept.path))
    suite = make_suite({"AA-01": GUARDED, "AA-02": GUARDED})
    assert audit(*asked(suite)).returncode == 0
    (run,) = kept.runs()
    assert (run.profile, run.selected, run.verdicts) == ("booth", "AA-01,AA-02", {"pass": 2})
    assert kept.path is not None
    kept.path.write_bytes(b"no database" * 100)
    done = audit(*asked(suite))
    assert done.returncode == 0
    assert "history.sqlite3 is damaged" in done.stdout


def newest(folder: Path) -> list[journals.AnyRecord]:
    return journals.read(folder / "caller" / "l7audit-out" / LATEST / JOURNAL)


def test_a_suite_runs_in_the_callers_pytest_and_leaves_the_same_files(
    call: Pytest, asked: Any, make_suite: MakeSuite, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": FAILS, "BB-01": ANSWERS})
    done = call(*asked(suite))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    assert "AA-02 fail: GET /things: It is always wrong" in done.stdout
    assert "gate failed: AA-02 failed (high)" in done.stdout
    assert "score 66.6, coverage 100%" in done.stdout
    records = newest(tmp_path)
    assert isinstance(records[0], RunStarted)
    assert records[0].seed == 5
    assert isinstance(records[-1], RunEnded)
    folder = (tmp_path / "caller" / "l7audit-out" / LATEST).resolve()
    assert f"reports in {folder}" in done.stdout
    assert {"results.json", "report.html"} <= {f.name for f in folder.iterdir()}


def test_pytests_own_selection_narrows_the_audit(
    audit: Pytest, asked: Any, make_suite: MakeSuite, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": FAILS, "BB-01": FAILS})
    done = audit(*asked(suite), "-k", "aa_01", "--l7audit-out", "elsewhere")
    assert done.returncode == 0, done.stdout + done.stderr
    records = journals.read(tmp_path / "caller" / "elsewhere" / LATEST / JOURNAL)
    assert [r.control for r in journals.of_type(records, CheckEnded)] == ["AA-01"]
    assert records[0].planned == ["AA-01"]  # type: ignore[union-attr]


def test_what_is_out_of_scope_is_skipped_with_its_reason(
    audit: Pytest, asked: Any, make_suite: MakeSuite
) -> None:
    fields = {"AA-01": {"needs": ["mint"]}}
    suite = make_suite({"AA-01": FAILS, "AA-02": GUARDED}, fields=fields)
    done = audit(*asked(suite), "-rs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 1 skipped" in done.stdout
    assert "It needs mint, which the provider 'external' does not grant" in done.stdout


def test_another_target_may_be_named(
    audit: Pytest, asked: Any, make_suite: MakeSuite, booth: Booth
) -> None:
    arguments = asked(make_suite({"AA-01": ANSWERS}))
    other = Booth()
    try:
        target = ["--l7audit-target", other.url]
        done = audit(*arguments, *target)
    finally:
        other.die()
    assert done.returncode == 4
    assert "The OpenAPI document is at" in done.stderr
    assert booth.seen == []


@pytest.mark.parametrize("bad", ["target", "profile", "document"])
def test_what_cannot_be_audited_is_one_sentence_and_no_pass(
    bad: str, audit: Pytest, asked: Any, make_suite: MakeSuite, booth: Booth
) -> None:
    arguments = asked(make_suite({"AA-01": GUARDED}))
    if bad == "target":
        booth.die()
    elif bad == "document":
        booth.document = b"{"
    else:
        arguments[3] = "nowhere.yaml"
    done = audit(*arguments)
    said = {"target": "nothing listens", "profile": "no profile", "document": "OpenAPI"}[bad]
    assert done.returncode == 4, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "passed" not in done.stdout


def test_a_journal_that_can_no_longer_be_written_is_one_sentence(
    audit: Pytest, asked: Any, make_suite: MakeSuite, tmp_path: Path
) -> None:
    fills = "import resource\n" + GUARDED
    fills += 'size = Path("l7audit-out/latest/journal.jsonl")'
    fills += ".stat().st_size\nresource.setrlimit(resource.RLIMIT_FSIZE, (size + 9, size + 9))\n"
    done = audit(*asked(make_suite({"AA-01": fills, "AA-02": GUARDED})))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "cannot be written: No space left on device. Free some space" in done.stdout
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert newest(tmp_path)


def test_checks_are_not_shared_out_among_processes(
    audit: Pytest, asked: Any, make_suite: MakeSuite, booth: Booth
) -> None:
    done = audit(*asked(make_suite({"AA-01": GUARDED})), "-p", "xdist", "-n", "2")
    assert done.returncode == 4, done.stdout
    assert "l7audit run --jobs" in done.stderr
    assert booth.seen == []


def test_collecting_alone_opens_nothing(
    audit: Pytest, asked: Any, make_suite: MakeSuite, booth: Booth, tmp_path: Path
) -> None:
    done = audit(*asked(make_suite({"AA-01": GUARDED})), "--collect-only", "-q")
    assert done.returncode == 0
    assert "test_aa_01" in done.stdout
    assert booth.seen == []
    assert not (tmp_path / "caller" / "l7audit-out").exists()


def test_a_fixture_of_the_suite_that_breaks_is_an_error_of_its_check(
    audit: Pytest, asked: Any, make_suite: MakeSuite, tmp_path: Path
) -> None:
    head = f"{HEAD}\n@pytest.fixture(autouse=True)\ndef ground():\n    raise OSError('no ground')\n"
    audit(*asked(make_suite({"AA-01": GUARDED}, head=head)))
    (ended,) = journals.of_type(newest(tmp_path), CheckEnded)
    assert ended.verdict == "error"
    assert "no ground" in ended.reason


OWN = """\
import sys

def test_own():
    assert not [m for m in sys.modules if m.startswith("l7audit.") and m != "l7audit.pytest_plugin"]
"""


def test_without_its_option_the_plugin_stays_out_of_the_way(call: Pytest, tmp_path: Path) -> None:
    (tmp_path / "caller" / "test_own.py").write_text(OWN)
    done = call("-q")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert sorted(f.name for f in (tmp_path / "caller").iterdir() if f.suffix != "") == [
        "test_own.py"
    ]


def test_the_callers_own_tests_run_beside_the_checks(
    audit: Pytest, asked: Any, make_suite: MakeSuite, tmp_path: Path
) -> None:
    (tmp_path / "caller" / "test_own.py").write_text("def test_own():\n    pass\n")
    done = audit(*asked(make_suite({"AA-01": GUARDED})), "test_own.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
