"""Which of many like events are kept, so that a flood of them does not fill the audit log."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sampling:
    """Keeps one event of a kind and a caller every `window` seconds; remembers the newest `most`
    pairs."""

    window: float = 10.0
    most: int = 10_000
    _kept: OrderedDict[tuple[str, str], float] = field(default_factory=OrderedDict, repr=False)

    def keeps(self, kind: str, caller: str, now: float) -> bool:
        """Whether this one is kept; `now` in seconds of any clock."""
        key = (kind, caller)
        at = self._kept.get(key)
        if at is not None and 0 <= now - at < self.window:
            return False
        self._kept[key] = now
        self._kept.move_to_end(key)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return True
