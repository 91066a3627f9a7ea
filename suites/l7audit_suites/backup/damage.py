"""Damage done to backups for a moment: a flipped bit, a file that is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 5.0
_PAUSE = 0.15
_TELLS = 2
"""Files of the log from which on one of them is followed by another."""


def files(folder: str) -> dict[Path, int]:
    """The files below a folder, each with the time of its last change."""
    found = {}
    for path in Path(folder).rglob("*") if folder else ():
        try:
            if path.is_file():
                found[path] = path.stat().st_mtime_ns
        except FileNotFoundError:  # an archive is at work there
            continue
    return found


def largest(folder: str) -> Path:
    """The one that a backup's content lies in. Errors: `ValueError` where there is none."""
    return max(files(folder), key=lambda path: path.stat().st_size)


def followed(folder: str, before: dict[Path, int], since: int) -> Path | None:
    """A file of the archived log that came after `before`, and that something follows which was
    archived after the time `since`: no restore of the latest does without it. None where none
    comes within some seconds."""
    deadline = time.monotonic() + _PATIENCE
    chosen: tuple[int, Path] | None = None
    while time.monotonic() < deadline:
        new = sorted((at, path) for path, at in files(folder).items() if path not in before)
        if chosen is not None and chosen in new:  # one that still fills is soon changed, or gone
            return chosen[1]
        chosen = new[-2] if len(new) >= _TELLS and new[-1][0] > since else None
        time.sleep(_PAUSE)
    return None


@contextmanager
def flipped(path: Path) -> Iterator[None]:
    """One bit in the middle of a file."""
    content = path.read_bytes()
    middle = len(content) // 2
    with _instead(path, lambda: _flip(path, content, middle)):
        yield


@contextmanager
def away(path: Path) -> Iterator[None]:
    """A file that is not there."""
    with _instead(path, path.unlink):
        yield


def _flip(path: Path, content: bytes, at: int) -> None:
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


@contextmanager
def _instead(path: Path, change: Callable[[], None]) -> Iterator[None]:
    content, mode = path.read_bytes(), path.stat().st_mode
    change()
    try:
        yield
    finally:
        path.write_bytes(content)
        path.chmod(mode)
