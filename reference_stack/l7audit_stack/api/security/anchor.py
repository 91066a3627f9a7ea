"""Where the audit chain ended last, kept in the store: outside the database that holds the chain.

Who can write the database alone can take rows from the chain's end together with its head. What
the store remembers then no longer fits. It is sealed, so that the store's master can't lie either.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from l7audit_stack.data.store import Script, Store, StoreAwayError, StoreRefusedError

_FORWARD = Script(
    "local held = redis.call('GET', KEYS[1]) "
    "if held and tonumber(string.match(held, '^%d+')) >= tonumber(ARGV[1]) then return 0 end "
    "redis.call('SET', KEYS[1], ARGV[2]) return 1"
)

End = tuple[int, bytes]
"""A row's number and its code."""


class AnchorBrokenError(Exception):
    """What the store holds was not written by us."""


@dataclass(frozen=True)
class Anchor:
    """The last known end. It only ever moves forward."""

    store: Store
    key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The store's key: one for each chain, so that another one's end is never taken for its."""
        return f"l7:audit:{hmac.digest(self.key, b'name', 'sha256').hex()[:16]}"

    async def read(self) -> End | None:
        """The end, or None where the store has none. Raises StoreAwayError, AnchorBrokenError."""
        try:
            held = await self.store.command("GET", self.name)
        except StoreRefusedError as error:
            raise StoreAwayError(str(error)) from error
        if held is None:
            return None
        seq, _, rest = held.partition(b":")
        mac, _, seal = rest.partition(b":")
        if not hmac.compare_digest(seal, self._seal(seq + b":" + mac)):
            raise AnchorBrokenError
        return int(seq), bytes.fromhex(mac.decode())

    async def move(self, end: End) -> None:
        """Moves to a later end. A store that is away is told by the next one."""
        text = f"{end[0]}:{end[1].hex()}".encode()
        try:
            await self.store.run(_FORWARD, (self.name,), end[0], text + b":" + self._seal(text))
        except (StoreAwayError, StoreRefusedError):
            return

    def _seal(self, text: bytes) -> bytes:
        return hmac.digest(self.key, b"anchor:" + text, "sha256").hex().encode()
