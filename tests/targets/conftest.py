"""The shelf, running: a small service that has nothing in common with the reference API."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from l7audit.harness.crew import Worker
from l7audit.model import Capability, Target


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One process for all tests; it ends when its standard input closes."""
    folder = tmp_path_factory.mktemp("shelf")
    with subprocess.Popen(
        [sys.executable, "-m", "shelf", str(folder)],
        cwd=Path(__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        named = {"base_url": told.pop("url"), "name": "shelf", "provider": "external"}
        granted = [Capability.HTTP, Capability.OPENAPI, Capability.IDENTITIES]
        yield msgspec.convert({**told, **named, "capabilities": granted}, Target)
        process.stdin.close()
        process.wait(timeout=10)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A process that runs checks."""
    started = Worker(str(tmp_path_factory.mktemp("log") / "checks.log"))
    yield started
    started.kill()
