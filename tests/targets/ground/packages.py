"""What a service from npm needs: its packages, installed once from its lock."""

from __future__ import annotations

import fcntl
import shutil
import subprocess

from ground.target import service
from ground.weaknesses import TARGETS

_SECONDS = 300


def lacking(name: str) -> str:
    """Why a service cannot start here, after its packages were installed where they are missing.

    '' for a service that can, as each in Python can.
    """
    if service(name).start[0] != "node":
        return ""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{name} needs {program} (Debian: apt-get install nodejs npm)"
    folder = TARGETS / name
    with (folder / "package-lock.json").open() as lock:
        # Test processes side by side install once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "node_modules" / ".package-lock.json"
        if (
            stamp.exists()
            and stamp.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime
        ):
            return ""
        try:
            done = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"the packages of {name} were not installed within {_SECONDS} s"
    return f"the packages of {name} cannot be installed: {done.stderr}" if done.returncode else ""
