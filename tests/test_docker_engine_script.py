"""The script that brings a Docker engine, against a pretended machine: it must not change ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "docker-engine.sh"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs, in which only `docker` may be added; what is called is written down."""
    for name in ("seq", "sleep", "id", "env", "bash"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    return tmp_path


def _docker(machine: Path, script: str) -> None:
    program = machine / "docker"
    program.write_text(f'#!/bin/bash\necho "$*" >>{machine}/called\n{script}\n')
    program.chmod(0o755)


def _run(machine: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", str(SCRIPT)],
        env={"PATH": str(machine)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_where_an_engine_answers_and_has_the_base_image_nothing_is_changed(machine: Path) -> None:
    _docker(machine, "exit 0")
    done = _run(machine)
    assert done.returncode == 0, done.stderr
    assert (machine / "called").read_text().split("\n")[:2] == [
        "info",
        "image inspect debian:trixie-slim",
    ]
    assert "is ready, with debian:trixie-slim" in done.stderr


def test_a_base_image_that_can_be_pulled_is_pulled(machine: Path) -> None:
    _docker(machine, 'test "$1" != image')
    done = _run(machine)
    assert done.returncode == 0, done.stderr
    assert "pull --quiet debian:trixie-slim" in (machine / "called").read_text()


def test_a_machine_that_is_no_debian_is_told_what_to_do(machine: Path) -> None:
    _docker(machine, "exit 1")
    done = _run(machine)
    assert done.returncode == 1
    assert "only Debian is known here; install docker.io iptables yourself" in done.stderr
