"""What is offered to continuous integration: valid, safe, and told as it is in docs/ci.md."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from l7audit.cli.main import verbs
from l7audit.profile import FILE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SCRIPTS = Path(sys.executable).parent


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


ACTION = read("action.yml")
WORKFLOW = read("docs/ci/github.yml")
STEPS = WORKFLOW["jobs"]["audit"]["steps"]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("action.yml", "github-actions"),
        ("docs/ci/github.yml", "github-workflows"),
        ("docs/ci/gitlab.yml", "gitlab-ci"),
    ],
)
def test_each_file_follows_its_hosts_schema(name: str, schema: str) -> None:
    done = subprocess.run(
        [SCRIPTS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", ROOT / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_and_the_workflow_open_no_known_hole(tmp_path: Path) -> None:
    """Injected expressions, unpinned actions, broad permissions, kept credentials and the like."""
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    shutil.copy(ROOT / "docs/ci/github.yml", tmp_path / ".github" / "workflows" / "audit.yml")
    shutil.copy(ROOT / "action.yml", tmp_path)
    done = subprocess.run(
        [SCRIPTS / "zizmor", "--offline", "--pedantic", "--no-progress", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout


def test_the_workflow_uses_only_what_the_action_offers() -> None:
    (audit,) = [s for s in STEPS if s.get("id") == "audit"]
    assert audit.get("with", {}).keys() <= ACTION["inputs"].keys()
    named = set(re.findall(r"steps\.audit\.outputs\.([\w-]+)", str(STEPS)))
    assert named == {"sarif", "report"}
    assert named <= ACTION["outputs"].keys()


def test_what_follows_a_red_audit_runs_all_the_same() -> None:
    after = STEPS[[s.get("id") for s in STEPS].index("audit") + 1 :]
    assert len(after) == 2
    assert all(s["if"].startswith("always() && ") for s in after)


def test_every_action_is_pinned_to_a_commit() -> None:
    used = re.findall(r"uses: (\S+)", (ROOT / "docs/ci/github.yml").read_text(encoding="utf-8"))
    assert len(used) == 5
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)


def test_both_hosts_get_the_same_reports() -> None:
    assert ACTION["inputs"]["formats"]["default"] in str(read("docs/ci/gitlab.yml"))


def test_the_hook_calls_what_the_program_accepts_when_a_profile_is_committed() -> None:
    (hook,) = read(".pre-commit-hooks.yaml")
    program, *words = hook["entry"].split()
    assert (program, hook["language"], hook["pass_filenames"]) == ("l7audit", "python", False)
    found: click.Command | None = verbs
    while isinstance(found, click.Group):
        found = found.get_command(click.Context(found), words.pop(0))
    assert found is not None
    found.make_context("l7audit", words)
    assert re.search(hook["files"], FILE)
    assert re.search(hook["files"], f"deploy/{FILE}")
    assert not re.search(hook["files"], f"not-{FILE}")
    assert f"id: {hook['id']}" in PAGE


@pytest.mark.parametrize(("heading", "part"), [("Inputs", "inputs"), ("Outputs", "outputs")])
def test_the_page_lists_what_the_action_takes_and_gives(heading: str, part: str) -> None:
    section = PAGE.split(f"### {heading}\n")[1].split("\n#")[0]
    listed = re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)
    assert listed == list(ACTION[part])


def test_every_link_of_the_page_leads_to_a_file() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert "://" in link or (ROOT / "docs" / link).is_file(), link
