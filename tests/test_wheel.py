"""The wheel, as a user gets it: installed from the lock into an empty venv, run from anywhere."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"l7audit", "l7audit_plugins", "l7audit_suites", "l7audit_stack"}


def ran(*command: str | Path, folder: Path, seconds: int = 240) -> subprocess.CompletedProcess[str]:
    """A command's outcome, run with nothing of this environment but where programs are found."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "HTTP", "NO_"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={
            **kept,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(Path.home()),
            "L7AUDIT_HISTORY": "off",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree without network."""
    folder = tmp_path_factory.mktemp("dist")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    done = ran(sys.executable, *build, ROOT, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_the_four_packages_and_no_other(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "src", "plugins", "suites", "reference_stack"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    tracked = {name.split("/", 1)[1] for name in listed if name and (ROOT / name).is_file()}
    with zipfile.ZipFile(wheel) as archive:
        held = {n for n in archive.namelist() if ".dist-info/" not in n}
    assert {name.split("/")[0] for name in held} == PACKAGES
    assert tracked <= held


def installed(wheel: Path, folder: Path, lock: str, extra: str = "") -> Path:
    """The interpreter of an empty venv outside the tree that got the wheel and its lock."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--quiet", "install", "--no-compile")
    locked = ("--require-hashes", "--requirement", ROOT / "requirements" / f"{lock}.txt")
    for what in (("--no-deps", *locked), ("--no-index", f"{wheel}{extra}")):
        done = ran(*pip, *what, folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    return python


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An install with the reference stack."""
    return installed(wheel, tmp_path_factory.mktemp("venv"), "audit", "[stack]")


def holders(place: Path) -> list[str]:
    """The command lines of all processes that were started from or for a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            folder = str((entry / "cwd").readlink())
        except OSError:  # it ended while we looked
            continue
        if str(place) in line or folder.startswith(str(place)):
            found.append(line)
    return found


@pytest.mark.early
def test_an_installed_wheel_audits_its_own_stack_from_an_empty_folder(
    python: Path, tmp_path: Path
) -> None:
    program = python.parent / "l7audit"
    done = ran(program, "run", "--select", "HEAD", "--seed", "1", folder=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert done.stderr == ""
    assert [p.name for p in tmp_path.iterdir()] == ["l7audit-out"]
    latest = tmp_path / "l7audit-out" / "latest"
    results = json.loads((latest / "results.json").read_text(encoding="utf-8"))
    assert results["gate"]["decision"] == "passed"
    assert results["score"] == 100
    assert {c["area"] for c in results["controls"]} == {"HEAD"}
    assert "<html" in (latest / "report.html").read_text(encoding="utf-8")
    assert holders(tmp_path) == []
    assert holders(python.parents[1]) == []


class Bare(http.server.BaseHTTPRequestHandler):
    """A service that knows nothing."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *arguments: object) -> None:
        """Stays quiet."""


def test_a_base_install_audits_a_url_and_says_what_the_reference_stack_would_need(
    wheel: Path, tmp_path: Path
) -> None:
    program = installed(wheel, tmp_path / "venv", "base").parent / "l7audit"
    folder = tmp_path / "empty"
    folder.mkdir()

    listed = ran(program, "controls", "list", folder=folder)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout

    own = ran(program, "run", folder=folder)
    assert (own.returncode, own.stdout) == (3, "")
    assert own.stderr.count("\n") == 1
    assert "pip install 'l7audit[stack]'" in own.stderr

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bare) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        done = ran(program, "run", "--target", url, "--out", "kept", folder=folder)
        server.shutdown()
        thread.join()
    assert done.returncode in (1, 5, 6), done.stdout + done.stderr
    assert done.stderr == ""
    assert (folder / "kept" / "latest" / "report.html").is_file()
