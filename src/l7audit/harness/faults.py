"""Faults on purpose, healed in any case: a component that ends as by a crash."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable

from l7audit.errors import ProviderError
from l7audit.model import Component

PATIENCE = 60.0
"""Seconds that a component may take to obey."""


class Crash:
    """A component that can be killed at any moment, since what does it waits already."""

    def __init__(self, component: Component, tell: Callable[[str], None]) -> None:
        """Errors: `ProviderError` where the component's control does not start."""
        self._component = component
        self._tell = tell
        self._killed = False
        try:
            self._control = subprocess.Popen(
                component.control,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise ProviderError(f"{component.control[0]} can't be run: {error}.") from error
        try:
            self._hear("ready")
        except ProviderError:
            self._let_go()
            raise

    def now(self) -> float:
        """Kills it; the seconds until that was done. Errors: `ProviderError`."""
        asked = time.monotonic()
        self._killed = True
        self._do("kill")
        return time.monotonic() - asked

    def heal(self) -> None:
        """Starts it again where it was killed, and lets its control go. Errors: `ProviderError`."""
        try:
            if self._killed:
                self._do("restart")
                self._killed = False
        finally:
            self._let_go()

    def _do(self, deed: str) -> None:
        assert self._control.stdin is not None
        self._tell(deed)
        try:
            self._control.stdin.write(f"{deed}\n".encode())
            self._control.stdin.flush()
        except OSError as error:
            raise ProviderError(f"The control of {self._component.name} is gone.") from error
        self._hear("ok")

    def _hear(self, wanted: str) -> None:
        """Waits for one line. A control that says nothing is ended, so that reading ends, too."""
        assert self._control.stdout is not None
        guard = threading.Timer(PATIENCE, self._control.kill)
        guard.start()
        said = self._control.stdout.readline(4096).decode("utf-8", "replace").strip()
        guard.cancel()
        if said != wanted:
            raise ProviderError(f"{self._component.name} did not obey: {said or 'no answer'}")

    def _let_go(self) -> None:
        for pipe in (self._control.stdin, self._control.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._control.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._control.kill()
            self._control.wait()
