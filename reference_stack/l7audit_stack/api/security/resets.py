"""Codes by which somebody who forgot a password sets a new one.

The store keeps a code's digest for ten minutes and counts the tries; the letter with the code
waits there, as long, for the service that sends mail. Nothing of it reaches the database.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass, field

from l7audit_stack.data.store import Store

LETTERS = "l7:letters"
LIFETIME = 600
TRIES = 5
_MOST_LETTERS = 1_000
_NOBODY = "nobody"


@dataclass(frozen=True)
class Resets:
    """Begins and ends resets; the same work is done where there is no such user."""

    store: Store
    pepper: bytes = field(repr=False)
    tries: int = TRIES

    async def begin(self, principal_id: str | None, username: str) -> None:
        """Makes a code, in place of an earlier one, and has it sent to the user if there is one."""
        code = f"{secrets.randbelow(10**8):08}"
        key = self._key(principal_id)
        await self.store.command("HSET", key, "digest", self._digest(key, code), "tries", 0)
        await self.store.command("EXPIRE", key, LIFETIME)
        if principal_id is not None:
            letter = json.dumps({"to": username, "code": code})
            await self.store.command("RPUSH", LETTERS, letter)
            await self.store.command("LTRIM", LETTERS, -_MOST_LETTERS, -1)
            await self.store.command("EXPIRE", LETTERS, LIFETIME)

    async def end(self, principal_id: str | None, code: str) -> bool:
        """Whether the code is the user's, and good for the first and only time."""
        key = self._key(principal_id)
        kept = await self.store.command("HGET", key, "digest")
        tries = await self.store.command("HINCRBY", key, "tries", 1)
        await self.store.command("EXPIRE", key, LIFETIME, "NX")
        right = hmac.compare_digest(self._digest(key, code), str((kept or b"").decode()))
        if principal_id is None or not right or int(tries) > self.tries:
            return False
        return bool(await self.store.command("DEL", key))

    def _key(self, principal_id: str | None) -> str:
        return f"l7:reset:{principal_id or _NOBODY}"

    def _digest(self, key: str, code: str) -> str:
        return hmac.digest(self.pepper, f"{key}:{code}".encode(), "sha256").hex()
