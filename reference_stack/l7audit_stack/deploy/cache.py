"""This user's cache folder: things that are slow to make and the same for every run.

Nothing in it is secret or belongs to one run; deleting it costs a few seconds once.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder, made if it is not there."""
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(base) / "l7audit"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
