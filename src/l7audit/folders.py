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
REPLAY = "replay-"
"""How the folders begin that hold what was sent again of another run."""


def new_folder(out: Path | None) -> Path:
    """A fresh folder named by the time, and `latest` pointing at it. Errors: `UsageError`."""
    folder = _fresh(out or Path.cwd() / OUT, "")
    try:
        _point(folder.parent / LATEST, folder.name)
    except OSError as error:
        raise _unwritable(folder.parent, error) from error
    return folder.resolve()


def replay_folder(parent: Path) -> Path:
    """A fresh folder for what was sent again; it is no run, so `latest` stays. Errors: as above."""
    return _fresh(parent, REPLAY).resolve()


def journal_of(named: Path | None) -> Path:
    """The journal of the run that is named by it or by its folder; else that of the newest."""
    path = named or Path(OUT) / LATEST
    return path.resolve() / JOURNAL if path.is_dir() else path


def _fresh(parent: Path, prefix: str) -> Path:
    name = prefix + datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1000):
            folder = parent / (f"{name}-{attempt}" if attempt else name)
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise _unwritable(parent, error) from error
    raise UsageError(f"{parent} holds a thousand runs of this second.")


def _unwritable(parent: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{parent} cannot be written: {error.strerror}.", mend="Choose another with --out."
    )


def audits(out: Path | None = None) -> list[Path]:
    """The folders of audits in the folder that keeps the runs, newest first.

    Proofs are none, and neither is what was sent again of a run.
    """
    parent = out or Path(OUT)
    if not parent.is_dir():
        return []
    return [
        folder
        for folder in sorted(parent.iterdir(), reverse=True)
        if not folder.is_symlink()
        and not folder.name.startswith(REPLAY)
        and not (folder / PROOF).exists()
        and ((folder / JOURNAL).is_file() or (folder / RESULTS).is_file())
    ]


def audit(reference: str, out: Path | None = None) -> Path:
    """An audit's folder or file: by its path, its name among the kept runs, or `latest`.

    Errors: `UsageError` where there is none, or a proof instead.
    """
    parent = out or Path(OUT)
    if reference == LATEST and not Path(reference).exists():
        newest = audits(parent)
        if not newest:
            raise UsageError(f"{parent} keeps no run yet.", mend="Audit something: l7audit run")
        return newest[0]
    path = next((p for p in (Path(reference), parent / reference) if p.exists()), None)
    if path is None:
        raise UsageError(
            f"There is no run {reference!r}: no such file or folder, and {parent} keeps none of "
            "that name."
        )
    if (path / PROOF).exists():
        raise UsageError(f"{path} is a proof, not an audit.", mend="Name the folder of a run.")
    return path


def _point(link: Path, name: str) -> None:
    """Moves `latest` in one step, so that no reader ever finds it missing."""
    fresh = link.with_name(f".{LATEST}-{os.getpid()}-{threading.get_ident()}")
    fresh.symlink_to(name)
    fresh.replace(link)
