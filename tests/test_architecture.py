"""The page on the architecture, the import arrow and the rooms say the same as the tree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def layers() -> list[set[str]]:
    """The layers as the linter holds them, lowest first."""
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    return [set(re.split(r" [:|] ", layer)) for layer in reversed(contract["layers"])]


def test_the_import_arrow_holds() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_page_draws_the_arrow_that_the_linter_holds() -> None:
    drawn = re.search(r"^    model, errors.*?(?=\n\n)", PAGE, re.MULTILINE | re.DOTALL)
    assert drawn
    assert [set(re.split(r",\s*", part.strip())) for part in drawn[0].split("<-")] == layers()


def test_every_room_of_the_core_stands_in_a_layer_and_on_the_page() -> None:
    there = {
        p.stem
        for p in (ROOT / "src" / "l7audit").iterdir()
        if p.suffix == ".py" or (p / "__init__.py").is_file()
    } - {"__init__", "profiles"}
    assert there == set().union(*layers())
    for room in there - {"__main__", "model", "errors", "hookspecs", "planning", "recorder"}:
        assert re.search(rf"\b{room}\b", PAGE), f"docs/architecture.md does not mention {room}"


def test_the_page_fits_on_one_page() -> None:
    assert PAGE.count("\n") <= 60


def test_every_path_on_the_page_exists() -> None:
    for path in re.findall(r"`((?:src|plugins|suites|reference_stack|tests|docs)/[\w./*]*)`", PAGE):
        assert list(ROOT.glob(path.rstrip("/"))), path


def test_each_top_level_folder_holds_one_package_and_nothing_loose() -> None:
    for package in PACKAGES:
        folder = (ROOT / package).parent
        loose = {p.name for p in folder.iterdir() if not p.name.startswith((".", "__pycache__"))}
        assert loose == {Path(package).name}


def test_tests_are_no_packages() -> None:
    found = (ROOT / "tests").rglob("__init__.py")
    # The services of the training ground are programs beside the tests.
    assert [p for p in found if ROOT / "tests" / "targets" not in p.parents] == []


@pytest.mark.parametrize("lock", ["audit", "base", "image", "test"])
def test_a_lock_holds_hashes_and_no_registry_or_path(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert re.search(r"^-", text, re.MULTILINE) is None
    pins = re.findall(r"^[\w.\[\],-]+==\S+", text, re.MULTILINE)
    assert pins
    assert len(re.split(r"\n(?=\S)", text.strip())) == len(pins)
    assert all("--hash=sha256:" in part for part in re.split(r"\n(?=\S)", text.strip()))


def test_the_locks_agree_on_every_version() -> None:
    versions: dict[str, set[str]] = {}
    for lock in ("audit", "base", "test"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        pins = set(re.findall(r"^([\w.\[\],-]+)==(\S+)", text, re.MULTILINE))
        for name in {n for n, _ in pins}:
            found = str(sorted(v for n, v in pins if n == name))
            versions.setdefault(name, set()).add(found)
    assert {n: v for n, v in versions.items() if len(v) > 1} == {}


def test_the_locks_cover_what_the_project_asks_for() -> None:
    def names(requirements: list[object]) -> set[str]:
        texts = [r for r in requirements if isinstance(r, str)]
        return {re.split(r"[\[<>=;~! ]", r)[0].lower().replace("_", "-") for r in texts}

    def locked(lock: str) -> set[str]:
        text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        return set(re.findall(r"^([\w.-]+)(?:\[.*\])?==", text, re.MULTILINE))

    project = PROJECT["project"]
    base = names(project["dependencies"])
    stack = names(project["optional-dependencies"]["stack"])
    assert base <= locked("base")
    assert base | stack <= locked("audit")
    assert base | stack | names(PROJECT["dependency-groups"]["dev"]) <= locked("test")
