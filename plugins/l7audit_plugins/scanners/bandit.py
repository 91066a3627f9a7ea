"""bandit: weaknesses in Python code, found by reading it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from l7audit.errors import ScanError
from l7audit.hookspecs import Scanner, hookimpl
from l7audit.model import Confidence, Severity
from l7audit.scanning import Ground, Scan, Weakness
from l7audit_plugins.scanners import MEND
from l7audit_plugins.scanners.files import around, code, place

SECONDS = 120.0

_SPECIMEN = """\
import subprocess


def look_up(name):
    return subprocess.call("host " + name, shell=True)
"""
_CONFIDENCE = {"HIGH": Confidence.STRONG}


class Bandit(Scanner):
    """Weaknesses in Python code, found by reading it."""

    name = "bandit"
    distribution = "bandit"
    mend = MEND

    def scan(self, ground: Ground) -> Scan:
        """All of the source's Python files, and a specimen that starts a shell."""
        source = ground.target.source
        files = [f for f in code(source) if f.suffix in {".py", ".pyi"}]
        specimen = ground.folder / "specimen.py"
        specimen.write_text(_SPECIMEN, encoding="utf-8")
        said = _run([*files, specimen], ground.folder)
        unread = {e["filename"] for e in said["errors"]}
        results = [r for r in said["results"] if r["filename"] != str(specimen)]
        totals = said["metrics"]["_totals"]
        return Scan(
            looked_at=tuple(place(source, f) for f in files if str(f) not in unread),
            unit="files",
            specimen="bandit finds the shell that a specimen starts",
            found=len(results) < len(said["results"]),
            weaknesses=tuple(_weakness(ground, result) for result in results),
            notes={
                "accepted_in_the_code": totals["nosec"] + totals["skipped_tests"],
                "unread": sorted(place(source, Path(f)).operation for f in unread),
            },
        )


def _run(files: list[Path], folder: Path) -> dict[str, Any]:
    """bandit's own report. It runs beside us, so that it can be stopped, with no settings but
    ours: those that lie in the source would be the source's word on itself."""
    report, settings = folder / "report.json", folder / "settings.ini"
    settings.write_text("[bandit]\n", encoding="utf-8")
    command = [sys.executable, "-P", "-m", "bandit", "--quiet", "--exit-zero", "--format", "json"]
    command += ["--ini", str(settings), "--output", str(report), *map(str, files)]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=SECONDS, check=False
        )
        said: dict[str, Any] = json.loads(report.read_bytes())
    except subprocess.TimeoutExpired as error:
        raise ScanError(f"bandit was not done after {SECONDS:g} s.") from error
    except (OSError, ValueError) as error:
        raise ScanError(f"bandit wrote no report that can be read: {error}.") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ScanError(f"bandit ended with code {done.returncode}: {' '.join(last)[:200]}")
    return said


def _weakness(ground: Ground, result: dict[str, Any]) -> Weakness:
    file, line = Path(result["filename"]), int(result["line_number"])
    rule, name = result["test_id"], result["test_name"]
    return Weakness(
        rule=rule,
        place=place(ground.target.source, file, f"{rule} {name}{around(file, line)}"),
        message=str(result["issue_text"]).split("\n", 1)[0],
        severity=_severity(result["issue_severity"]),
        confidence=_CONFIDENCE.get(result["issue_confidence"], Confidence.WEAK),
        expected="code without it",
        seen=f"line {line}",
    )


def _severity(word: str) -> Severity:
    return {"HIGH": Severity.HIGH, "MEDIUM": Severity.MEDIUM}.get(word, Severity.LOW)


@hookimpl
def l7audit_register_scanner() -> Bandit:
    """bandit under its own name."""
    return Bandit()
