"""Faults on purpose, healed in any case: a component that is killed, or frozen for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from l7audit.harness.orders import Orders
from l7audit.model import Component


class Injector:
    """A component that can be killed or frozen at any moment, since what does it waits already."""

    def __init__(self, component: Component, tell: Callable[[str], None]) -> None:
        """Errors: `ProviderError` where the component's control does not start."""
        self._tell = tell
        self._cure = ""
        self._orders = Orders(component.control, component.name)

    def kill(self) -> float:
        """Ends it as a crash would; the seconds until that was done. Errors: `ProviderError`."""
        return self._inject("kill", "restart")

    def pause(self) -> float:
        """Freezes it with its connections open; seconds and errors as of `kill`."""
        return self._inject("pause", "resume")

    def mend(self) -> None:
        """Undoes the fault, if there is one; another may follow. Errors: `ProviderError`."""
        if self._cure:
            self._do(self._cure)
            self._cure = ""

    def heal(self) -> None:
        """As `mend`, and lets the component's control go."""
        try:
            self.mend()
        finally:
            self._orders.let_go()

    def _inject(self, deed: str, cure: str) -> float:
        asked = time.monotonic()
        self._cure = cure
        self._do(deed)
        return time.monotonic() - asked

    def _do(self, deed: str) -> None:
        self._tell(deed)
        self._orders.give(deed)
