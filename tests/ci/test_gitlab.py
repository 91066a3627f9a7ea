"""The template for GitLab: its lines run in one shell, as a runner runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from booth.service import Booth
from booth.suite import ANSWERS, GUARDED, Suite, profile_file

ROOT = Path(__file__).parents[2]
JOB: Any = yaml.safe_load((ROOT / "docs/ci/gitlab.yml").read_text(encoding="utf-8"))["l7audit"]


def lines(
    folder: Path, *scripts: str, path: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Runs a job's lines in `folder`, with the template's variables where no other are given."""
    program = Path(sys.executable).parent
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(scripts)],
        cwd=folder,
        env={
            "PATH": f"{path}{program}:{os.defpath}",
            "HOME": str(folder),
            "PYTHONPATH": os.pathsep.join([str(folder.parent / "site"), *sys.path]),
            **{name: str(value) for name, value in JOB["variables"].items()},
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def work(tmp_path: Path, make_suite: Callable[..., Suite], booth: Booth) -> Path:
    """A checkout whose own profile audits the booth."""
    folder = tmp_path / "work"
    folder.mkdir()
    profile_file(folder, make_suite({"AA-01": GUARDED, "AA-02": ANSWERS}), booth)
    (folder / "booth.yaml").rename(folder / "l7audit.yaml")
    return folder


@pytest.mark.parametrize(("weak", "code", "decision"), [("", 0, "passed"), ("open", 1, "failed")])
def test_the_gate_decides_the_job_and_the_reports_are_kept(
    work: Path, booth: Booth, weak: str, code: int, decision: str
) -> None:
    booth.weak.update(filter(None, [weak]))
    done = lines(work, *JOB["script"], L7AUDIT_ARGUMENTS="--select AA-01 --seed 7")
    assert done.returncode == code, done.stdout + done.stderr
    (kept,) = JOB["artifacts"]["paths"]
    results = json.loads((work / kept / "results.json").read_text(encoding="utf-8"))
    assert results["gate"]["decision"] == decision
    assert [c["id"] for c in results["controls"]] == ["AA-01"]
    assert (work / JOB["artifacts"]["reports"]["junit"]).is_file()
    assert {"journal.jsonl", "report.html", "report.sarif", "summary.md"} <= {
        f.name for f in (work / kept).iterdir()
    }
    assert JOB["artifacts"]["when"] == "always"


def test_an_audit_that_cannot_begin_stops_the_job_with_its_own_code(
    work: Path, booth: Booth
) -> None:
    booth.die()
    done = lines(work, *JOB["script"])
    assert done.returncode == 3, done.stdout + done.stderr
    assert "cannot be reached" in done.stderr


def test_the_commit_that_is_named_is_installed_from_its_lock(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    make = tmp_path / "bin" / "make"
    make.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    make.chmod(0o755)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    done = lines(
        tmp_path,
        *JOB["before_script"],
        'git -C "$source" rev-parse HEAD',
        'echo "$PATH"',
        path=f"{tmp_path / 'bin'}:",
        L7AUDIT_REPOSITORY=str(ROOT),
        L7AUDIT_COMMIT=head,
        TMPDIR=str(tmp_path),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *asked, commit, path = done.stdout.splitlines()
    assert asked[:2] == ["--no-print-directory", "-C"]
    assert asked[3:] == [".venv/.base-ready"]
    assert commit == head
    assert path.startswith(f"{asked[2]}/.venv/bin:")
