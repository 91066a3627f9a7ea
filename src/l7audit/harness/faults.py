"""Faults on purpose, healed in any case: a component that ends as by a crash."""

from __future__ import annotations

import time
from collections.abc import Callable

from l7audit.harness.orders import Orders
from l7audit.model import Component


class Crash:
    """A component that can be killed at any moment, since what does it waits already."""

    def __init__(self, component: Component, tell: Callable[[str], None]) -> None:
        """Errors: `ProviderError` where the component's control does not start."""
        self._tell = tell
        self._killed = False
        self._orders = Orders(component.control, component.name)

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
            self._orders.let_go()

    def _do(self, deed: str) -> None:
        self._tell(deed)
        self._orders.give(deed)
