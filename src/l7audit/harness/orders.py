"""Orders to a part of the target, given a line at a time to a command that its provider named."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence

from l7audit.errors import ProviderError

PATIENCE = 60.0
"""Seconds that an order may take."""

_LONGEST = 64 * 1024


class Orders:
    """The command, waiting. Errors of all: `ProviderError`."""

    def __init__(self, command: Sequence[str], what: str) -> None:
        """`what` names the part of the target in sentences."""
        self._what = what
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise ProviderError(f"{command[0]} can't be run: {error}.") from error
        try:
            self._hear("ready")
        except ProviderError:
            self.let_go()
            raise

    def give(self, order: str) -> str:
        """Has one order carried out; what was answered after `ok`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{order}\n".encode())
            self._process.stdin.flush()
        except OSError as error:
            raise ProviderError(f"The control of {self._what} is gone.") from error
        return self._hear("ok")

    def let_go(self) -> None:
        """Ends the command."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self, wanted: str) -> str:
        """Waits for one line. A control that says nothing is ended, so that reading ends, too."""
        assert self._process.stdout is not None
        guard = threading.Timer(PATIENCE, self._process.kill)
        guard.start()
        said = self._process.stdout.readline(_LONGEST).decode("utf-8", "replace").strip()
        guard.cancel()
        word, _, rest = said.partition(" ")
        if word != wanted:
            raise ProviderError(f"{self._what} did not obey: {said or 'no answer'}")
        return rest
