"""The folder that keeps the runs, and what is in a run's own folder."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from l7audit.errors import UsageError

OUT = "l7audit-out"
JOURNAL = "journal.jsonl"
RESULTS = "results.json"
LATEST = "latest"
PROOF = "proof.json"
VARIANTS = "proof"
"""The folder of a proof's variants: each has a journal of its own, which can be rendered too."""
CHECKS_LOG = "checks.log"
MANIFEST = "manifest.json"


def new_folder(out: Path | None) -> Path:
    """A fresh folder named by the time, and `latest` pointing at it. Errors: `UsageError`."""
    parent = out or Path.cwd() / OUT
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1000):
            folder = parent / (f"{name}-{attempt}" if attempt else name)
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            _point(parent / LATEST, folder.name)
            return folder.resolve()
    except OSError as error:
        raise UsageError(
            f"{parent} cannot be written: {error.strerror}.", mend="Choose another with --out."
        ) from error
    raise UsageError(f"{parent} holds a thousand runs of this second.")


def _point(link: Path, name: str) -> None:
    """Moves `latest` in one step, so that no reader ever finds it missing."""
    fresh = link.with_name(f".{LATEST}-{os.getpid()}-{threading.get_ident()}")
    fresh.symlink_to(name)
    fresh.replace(link)
