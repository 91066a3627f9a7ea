"""The Makefile: what it needs and hasn't got is one sentence with the mend."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def made(tmp_path: Path, python: str) -> subprocess.CompletedProcess[str]:
    """`make` for a venv that is not there yet, with another interpreter."""
    venv = tmp_path / "venv"
    return subprocess.run(
        ["make", f"PYTHON={python}", f"VENV={venv}", f"{venv}/.made"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def pretended(tmp_path: Path, refuses: str) -> str:
    """An interpreter that fails at what it is asked about `refuses`, and is fine otherwise."""
    path = tmp_path / "python"
    path.write_text(f'#!/bin/sh\ncase "$2" in *{refuses}*) exit 1;; esac\n', encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_missing_python_is_one_sentence(tmp_path: Path) -> None:
    done = made(tmp_path, "no-such-python")
    assert done.returncode != 0
    assert "no-such-python was not found; install Python 3.11 or newer" in done.stderr


def test_an_old_python_is_one_sentence(tmp_path: Path) -> None:
    done = made(tmp_path, pretended(tmp_path, "version_info"))
    assert done.returncode != 0
    assert "is older than 3.11; name a newer one: make PYTHON=" in done.stderr


def test_a_python_that_cannot_make_venvs_is_one_sentence(tmp_path: Path) -> None:
    done = made(tmp_path, pretended(tmp_path, "ensurepip"))
    assert done.returncode != 0
    assert "cannot make virtual environments; install that part" in done.stderr
    assert "apt-get install python3-venv" in done.stderr


def test_every_target_without_a_file_is_phony() -> None:
    targets = set(re.findall(r"^([a-z]+):", TEXT, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", TEXT, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets


def test_ci_ends_with_the_readmes_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    commands = [
        line for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("make ")
    ]
    assert commands[-1] == "make test"
    assert {"make lint", "make prove"} <= set(commands)
