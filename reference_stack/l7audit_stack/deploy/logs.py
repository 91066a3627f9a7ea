"""Reading the end of a log file."""

from __future__ import annotations

from pathlib import Path

_WINDOW = 64 * 1024


def last_lines(path: Path, count: int = 15, since: int = 0) -> str:
    """The last `count` lines written after byte `since`, indented; says so if there are none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(since, end - _WINDOW))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        text = ""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-count:]) or "  (nothing was logged)"
