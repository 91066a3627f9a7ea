"""The input suite on a stranger's service: what it does not take is said, and nothing fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import yaml

from l7audit.model import Target

FOUND = {"INPUT-01", "INPUT-04", "INPUT-07", "INPUT-08", "INPUT-17", "INPUT-22", "INPUT-23"}
"""What the shelf has surfaces for, whatever else it lacks."""


def test_a_sound_service_of_other_make_fails_no_input_control(
    shelf: Target, tmp_path: Path
) -> None:
    described = {
        "provider": "external",
        "url": shelf.base_url,
        "openapi": shelf.openapi,
        "ca_file": shelf.ca_file,
        "allowed_origins": shelf.allowed_origins,
        "identities": msgspec.to_builtins(shelf.identities),
    }
    profile = {"name": "shelf", "safety": "intrusive", "target": described}
    (tmp_path / "shelf.yaml").write_text(yaml.safe_dump(profile))
    command = [
        *(sys.executable, "-m", "l7audit", "run", "--profile", "shelf.yaml"),
        *("--select", "INPUT", "--seed", "7", "--out", "out"),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    (file,) = tmp_path.glob("out/2*/results.json")
    verdicts = {c["id"]: c["verdict"] for c in json.loads(file.read_text())["controls"]}
    assert set(verdicts.values()) <= {"pass", "not_applicable"}, done.stdout + done.stderr
    assert {i for i in FOUND if verdicts[i] != "pass"} == set()
