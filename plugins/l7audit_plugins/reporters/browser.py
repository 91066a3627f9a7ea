"""A Chromium of this machine: where it is, and how it is started to stay by itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge",
)
"""What the program is called on the systems that have one, the free ones first."""


def found() -> str:
    """The path of the first browser on the PATH, or nothing."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def flags(folder: Path) -> list[str]:
    """Headless, with a profile of its own in `folder`, resolving no name and updating nothing."""
    words = [
        "--headless",
        f"--user-data-dir={folder}",
        "--disable-gpu",
        "--disable-quic",
        "--disable-extensions",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--no-sandbox")  # it refuses to start with one as root
    return words
