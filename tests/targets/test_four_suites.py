"""The suites on a stranger's service: they find their way, and a sound service passes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from l7audit.model import Target

NOT_THERE = {"AUTHN-19", "AUTHN-29", "AUTHN-30", "RATE-09", "RATE-10"}
"""What the shelf does not have: tokens of other kinds, a token endpoint, escalating waits, policies
that change."""


NO_RIGHTS_THAT_DIFFER = {
    "AUTHZ-07", "AUTHZ-10", "AUTHZ-11", "AUTHZ-14", "AUTHZ-15", "AUTHZ-16", "AUTHZ-17", "AUTHZ-19",
}  # fmt: skip
"""Nor roles, scopes, ids in bodies, or users that are made through the API."""

NO_FORGOTTEN_PASSWORDS = {"AUTHN-32", "AUTHN-34", "AUTHN-35", "RATE-16", "RATE-17"}
"""Nor a way back in for who forgot a password, nor one to change it, nor what costs much."""

NO_FILES = {"PATH-05", "PATH-06", "PATH-07", "PATH-08", "PATH-09", "PATH-10", "PATH-11"}
"""Nor files that are kept by their path, nor archives that are unpacked; nor HTTP/2."""


NO_LOG_AND_NO_OVERLAP = {
    "KEYS-04", "KEYS-07", "KEYS-08", "KEYS-11", *(f"AUDIT-{n:02}" for n in (*range(1, 9), 12, 13)),
}  # fmt: skip
"""Nor an audit log, a rotation that leaves the old key for a while, or signing keys to change."""


NO_ACCOUNT_AND_NO_PAGES = {"MASS-05", "EXPOSE-07"}
"""Nor an account that its owner changes, or a word of the profile on pages of documentation."""


NO_FLOWS = {f"FLOW-{n:02}" for n in range(1, 6)}
"""Nor amounts, or anything that is good for one time."""


@pytest.mark.early
@pytest.mark.parametrize(
    ("areas", "absent", "fewest"),
    [
        ("AUTHN,HEAD,CORS,RATE", NOT_THERE | NO_FORGOTTEN_PASSWORDS, 56),
        ("AUTHZ", NO_RIGHTS_THAT_DIFFER, 18),
        ("PEN,PATH", NO_FILES | {"PEN-23", "PEN-24"}, 30),
        ("KEYS,AUDIT,CRYPT", NO_LOG_AND_NO_OVERLAP, 16),
        ("MASS,EXPOSE,FLOW", NO_ACCOUNT_AND_NO_PAGES | NO_FLOWS, 21),
        ("FUZZ", set(), 4),
    ],
)
def test_a_sound_service_of_other_make_passes_the_suites(
    shelf: Target, tmp_path: Path, areas: str, absent: set[str], fewest: int
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
        *("--select", areas, "--seed", "7", "--out", "out"),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
    )
    (file,) = tmp_path.glob("out/2*/results.json")
    results = json.loads(file.read_text())
    verdicts = {c["id"]: c["verdict"] for c in results["controls"]}
    assert {i: v for i, v in verdicts.items() if v != "pass"} == dict.fromkeys(
        absent, "not_applicable"
    )
    assert len(verdicts) >= fewest
    assert done.returncode == 0, done.stdout + done.stderr
    journal = file.with_name("journal.jsonl").read_text()
    secrets = [c.secret for i in shelf.identities for c in i.credentials]
    assert [s for s in secrets if s in journal] == []
