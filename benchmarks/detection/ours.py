"""What `l7audit run` finds in a service of the training ground, as a user would run it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec
import yaml
from ground.target import Service
from matching import Finding, Report

from l7audit.assess.results import Results
from l7audit.model import Confidence
from l7audit.target.openapi import Document

_SECONDS = 900


def audit(service: Service, url: str, folder: Path, seed: int, select: str = "") -> Report:
    """One run, of all controls or of those selected.

    Errors: `RuntimeError` with what it said where there are no results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    profile = folder / "l7audit.yaml"
    profile.write_text(yaml.safe_dump(_profile(service, url)), encoding="utf-8")
    out = folder / "out"
    started = time.monotonic()
    done = subprocess.run(
        [
            Path(sys.executable).parent / "l7audit", "run", "--profile", profile,
            "--out", out, "--seed", str(seed), "--format", "json,html",
            *(["--select", select] if select else []),
        ],
        capture_output=True, text=True, timeout=_SECONDS, check=False, cwd=folder,
    )  # fmt: skip
    seconds = time.monotonic() - started
    written = out / "latest" / "results.json"
    if not written.is_file():
        raise RuntimeError(f"l7audit ended with {done.returncode}: {done.stderr.strip()}")
    results = msgspec.json.decode(written.read_bytes(), type=Results)
    findings = tuple(
        Finding(
            frozenset({control.id}),
            finding.place.operation,
            finding.statement,
            finding.confidence == Confidence.WEAK,
        )
        for control in results.controls
        for finding in control.findings
    )
    return Report(findings, seconds, prefix=_prefix(service, url))


def _prefix(service: Service, url: str) -> str:
    """What the document says that all paths begin with."""
    if not service.document.path:
        return ""
    return Document.parse(httpx.get(url + service.document.path, timeout=30).text).prefix


def _profile(service: Service, url: str) -> dict[str, object]:
    """The profile of a user who knows two people, an administrator and where the document is: with
    the roles that `l7audit init` writes."""
    people = [(person, "user") for person in service.users]
    people += [(service.admin, "admin")] if service.admin else []
    return {
        "name": service.name,
        "safety": "intrusive",
        "target": {
            "provider": "external",
            "url": url,
            "openapi": url + service.document.path if service.document.path else "",
            "allowed_origins": service.allowed_origins,
            "identities": [
                {
                    "name": person.name,
                    "role": role,
                    "credentials": msgspec.to_builtins(person.credentials),
                }
                for person, role in people
            ],
        },
    }
