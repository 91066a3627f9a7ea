"""What a target's components write to their logs from a moment on. Nothing is ever written there.

Only providers that own the target's stack, and owners who name the files, grant this. A log may
hold secrets, so what is read is for looking something up, and reaches no record.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from l7audit.errors import ProviderError
from l7audit.probe.secret_forms import Forms

MOST_BYTES = 16 * 1024 * 1024
"""The most that is read of one file; a log that grows by more in one check is cut there."""

_GLANCE = 0.02


class Logs:
    """Files that grow, from the moment that this was made. Errors: `ProviderError`."""

    def __init__(self, files: Sequence[str]) -> None:
        self._starts = {Path(file): _size(Path(file)) for file in files}

    def written(self) -> dict[str, bytes]:
        """What each file has got since then, by its name; a file that was begun anew, all of it."""
        return {str(path): _read(path, start) for path, start in self._starts.items()}

    def holding(self, secret: str) -> bool:
        """Whether a secret was written since then: as it is, in base64 or in hexadecimal."""
        needles = [needle.encode() for needle in Forms.of(secret, "").needles]
        return any(n in text for text in self.written().values() for n in needles)

    def telling(
        self, marks: Sequence[str], seconds: float, wanted: Sequence[str] = ()
    ) -> list[str]:
        """The files in which one of the marks stands by now.

        Waits at most that many seconds: for all of the `wanted` ones, or for every file.
        """
        end = time.monotonic() + seconds
        sought = [mark.encode() for mark in marks]
        while True:
            written = self.written()
            found = [name for name, text in written.items() if any(m in text for m in sought)]
            if set(wanted or written) <= set(found) or time.monotonic() >= end:
                return found
            time.sleep(_GLANCE)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise _unreadable(path, error) from error


def _read(path: Path, start: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start if _size(path) >= start else 0)
            return file.read(MOST_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ProviderError:
    return ProviderError(
        f"The target's log {path} can't be read: {error.strerror}.",
        mend="Let whoever runs the audit read it, or take it out of target.logs.",
    )
