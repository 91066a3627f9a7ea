"""The reference API holds what its document promises; the benchmark asks at greater length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUESTS = 800


@pytest.mark.early
def test_generated_requests_find_nothing_wrong_with_the_reference_api(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "fuzz.py"), str(REQUESTS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)
    assert int(said["requests"].split()[0]) >= REQUESTS
    assert said["violations"] == "0"
    assert list(tmp_path.iterdir()) == []
