"""A Chromium of this machine: where it is, how it is kept to itself, and how it prints a page."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
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


def print_page(program: str, page: Path, pdf: Path, folder: Path, seconds: float) -> str:
    """Prints a local page to `pdf`; what went wrong in a few words, or nothing.

    A browser that takes longer than `seconds` is killed with all its processes.
    """
    words = [
        program,
        *flags(folder),
        "--no-pdf-header-footer",
        "--generate-pdf-document-outline",
        f"--print-to-pdf={pdf}",
        page.as_uri(),
    ]
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return f"it cannot be started ({error.strerror})"
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"it took longer than {seconds:g} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode == 0 and pdf.is_file():
        return ""
    last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
    return f"it ended with {process.returncode}{': ' if last else ''}{''.join(last)[:200]}"
