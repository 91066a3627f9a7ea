"""The action for GitHub: its steps are run as a runner runs them, on green and on red audits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from booth.service import Booth
from booth.suite import ANSWERS, GUARDED, Suite, profile_file

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
PROGRAM = Path(sys.executable).parent / "l7audit"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Job:
    """A job's folders and files, and what its steps have said."""

    work: Path
    temp: Path
    path: str = os.defpath
    environment: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""
    log: str = ""

    def uses(self, inputs: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """Runs the action with these inputs: the exit code of its last step, and its outputs."""
        action: Any = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
        assert inputs.keys() <= action["inputs"].keys()
        values = {name: told["default"] for name, told in action["inputs"].items()} | inputs
        code = 0
        for step in action["runs"]["steps"]:
            if code == 0 and self._wanted(step.get("if", ""), values):
                code = self._step(step, values)
        told = {n: self._evaluated(o["value"], values) for n, o in action["outputs"].items()}
        return code, told

    def _step(self, step: Any, inputs: Mapping[str, str]) -> int:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an expression in a script is code from outside"
        files = {n: self.temp / n.lower() for n in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self.temp / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        given = {n: self._evaluated(v, inputs) for n, v in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.work,
            env={
                "PATH": f"{Path(sys.executable).parent}:{self.path}",
                "HOME": str(self.temp),
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_ACTION_PATH": str(ROOT),
                **{name: str(file) for name, file in files.items()},
                **self.environment,
                **given,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        self.log += done.stdout
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        return done.returncode

    def _wanted(self, condition: str, inputs: Mapping[str, str]) -> bool:
        if not condition:
            return True
        found = re.fullmatch(r"(\S+) == ''", condition)
        assert found, condition
        return self._value(found[1], inputs) == ""

    def _evaluated(self, text: str, inputs: Mapping[str, str]) -> str:
        def value(match: re.Match[str]) -> str:
            either = (self._value(name, inputs) for name in match[1].split(" || "))
            return next(filter(None, either), "")

        return _EXPRESSION.sub(value, text)

    def _value(self, name: str, inputs: Mapping[str, str]) -> str:
        match name.split("."):
            case ["inputs", asked]:
                return inputs[asked]
            case ["steps", step, "outputs", asked]:
                return self.outputs.get(step, {}).get(asked, "")
        raise AssertionError(f"an expression that this runner does not know: {name}")


# --- the tests ------------------------------------------------------------------------------------


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job in a clean folder; suites that the test writes are installed for it."""
    work, temp = tmp_path / "work", tmp_path / "temp"
    work.mkdir()
    temp.mkdir()
    paths = [str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]
    return Job(work, temp, environment={"PYTHONPATH": os.pathsep.join(filter(None, paths))})


@pytest.fixture
def audited(make_suite: Callable[..., Suite], booth: Booth, job: Job) -> Booth:
    """A booth with two controls, one of which it fails when it is weak, and the job's profile."""
    profile_file(job.work, make_suite({"AA-01": GUARDED, "AA-02": ANSWERS}), booth)
    return booth


INPUTS = {"program": str(PROGRAM), "profile": "booth.yaml"}


@pytest.mark.usefixtures("audited")
def test_a_green_audit_lets_the_build_go_on_and_leaves_every_report(job: Job) -> None:
    code, outputs = job.uses(INPUTS)
    assert code == 0, job.log
    assert (outputs["decision"], outputs["score"], outputs["exit-code"]) == ("passed", "100.0", "0")
    report = Path(outputs["report"])
    assert report == (job.work / "l7audit-out" / "latest").resolve()
    assert {"journal.jsonl", "results.json", "report.html"} <= {f.name for f in report.iterdir()}
    sarif = json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))
    assert sarif["runs"][0]["results"] == []
    suites = ElementTree.parse(report / "junit.xml").getroot()
    assert {c.get("name", "").split()[0] for c in suites.iter("testcase")} >= {"AA-01", "AA-02"}
    assert job.summary == (report / "summary.md").read_text(encoding="utf-8")
    assert "passed" in job.summary.splitlines()[0]


def test_a_red_audit_stops_the_build_and_leaves_every_report(job: Job, audited: Booth) -> None:
    audited.weak.add("open")
    code, outputs = job.uses(INPUTS | {"formats": "html, sarif,junit,markdown"})
    assert code == 1, job.log
    assert (outputs["decision"], outputs["exit-code"]) == ("failed", "1")
    assert float(outputs["score"]) < 60
    sarif = json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))
    assert [r["ruleId"] for r in sarif["runs"][0]["results"]] == ["AA-01"]
    assert "failed" in job.summary.splitlines()[0]
    assert "AA-01" in job.summary


def test_the_inputs_reach_the_run_and_nothing_more_is_written_than_was_asked_for(
    job: Job, audited: Booth
) -> None:
    asked = {
        "target": audited.url,
        "select": "AA-02",
        "formats": "html",
        "out": "kept runs",
        "arguments": "--seed\n7\n\n",
    }
    code, outputs = job.uses(INPUTS | asked)
    assert code == 0, job.log
    report = Path(outputs["report"])
    assert report.parent == job.work / "kept runs"
    results = json.loads((report / "results.json").read_text(encoding="utf-8"))
    assert ([c["id"] for c in results["controls"]], results["seed"]) == (["AA-02"], 7)
    assert outputs["sarif"] == ""
    assert job.summary == "### l7audit: decision=passed, score=100.0\n"


def test_an_audit_that_cannot_begin_does_not_pass_off_an_earlier_report_as_its_own(
    job: Job, audited: Booth
) -> None:
    earlier = job.work / "l7audit-out" / "20200101T000000Z"
    earlier.mkdir(parents=True)
    (earlier.parent / "latest").symlink_to(earlier.name)
    (earlier / "results.json").write_text('{"gate": {"decision": "passed"}, "score": 100}')
    audited.die()
    code, outputs = job.uses(INPUTS)
    assert code == 3, job.log
    assert outputs == {"decision": "", "score": "", "exit-code": "3", "report": "", "sarif": ""}
    assert job.summary == "### l7audit came to no decision (exit code 3)\n"
    assert "::error title=l7audit::It came to no decision" in job.log


@pytest.mark.parametrize("program", ["exit 0", "mkdir -p l7audit-out/latest"])
def test_a_program_that_writes_no_results_never_passes(job: Job, program: str) -> None:
    fake = job.temp / "l7audit"
    fake.write_text(f"#!/bin/sh\n{program}\n")
    fake.chmod(0o755)
    code, outputs = job.uses({"program": str(fake)})
    assert (code, outputs["decision"]) == (3, "")


def test_every_input_is_an_argument_and_never_a_command(job: Job) -> None:
    def hostile(name: str) -> str:
        return f'{name}"; touch pwned; echo "$(touch pwned)`touch pwned`\' *'

    fake = job.temp / "l7audit"
    fake.write_text('#!/bin/sh\nprintf "%s\\0" "$@" > "$0-asked"\nexit 4\n')
    fake.chmod(0o755)
    names = ("profile", "target", "select", "formats", "out", "arguments")
    code, _ = job.uses({"program": str(fake)} | {name: hostile(name) for name in names})
    assert code == 4, job.log
    asked = (job.temp / "l7audit-asked").read_text().split("\0")[:-1]
    assert asked == [
        "run",
        *("--out", hostile("out")),
        *("--format", f"json,{hostile('formats')}"),
        *("--profile", hostile("profile")),
        *("--target", hostile("target")),
        *("--select", hostile("select")),
        hostile("arguments"),
    ]
    assert list(job.work.iterdir()) == []


# --- installing -----------------------------------------------------------------------------------


@pytest.fixture
def make(job: Job) -> Path:
    """A `make` that notes what it is asked for, and where it notes it."""
    folder = job.temp / "bin"
    folder.mkdir()
    (folder / "make").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {folder}/asked\nexit 1\n')
    (folder / "make").chmod(0o755)
    job.path = f"{folder}:{job.path}"
    return folder / "asked"


@pytest.mark.parametrize(("stack", "lock"), [("false", "base"), ("true", "audit")])
def test_it_installs_from_its_own_checkout_and_a_lock_with_hashes(
    job: Job, make: Path, stack: str, lock: str
) -> None:
    code, outputs = job.uses({"stack": stack})
    assert (code, outputs["exit-code"]) == (1, ""), "what can't be installed can't be run"
    venv = f"{job.temp}/l7audit-venv"
    asked = make.read_text().splitlines()
    assert asked == [
        "--no-print-directory",
        "-C",
        str(ROOT),
        f"VENV={venv}",
        f"{venv}/.{lock}-ready",
    ]
    would = subprocess.run(
        ["make", "--dry-run", *asked], capture_output=True, text=True, check=True
    ).stdout
    assert f"install --require-hashes --requirement requirements/{lock}.txt" in would
    assert "install --no-deps --no-build-isolation --editable ." in would
    locked = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    assert "\nhatchling==" in locked  # what builds it is locked, too


def test_a_wish_that_is_neither_true_nor_false_is_a_sentence(job: Job, make: Path) -> None:
    code, _ = job.uses({"stack": "yes"})
    assert code == 4
    assert "::error title=l7audit::The input stack is true or false." in job.log
    assert not make.exists()
