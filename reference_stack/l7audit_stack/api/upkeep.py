"""What a replica does beside answering: last uses, policies in the store, keys that come and end.

Each round is harmless to repeat and to run on several replicas at once.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.anchor import AnchorBrokenError
from l7audit_stack.api.security.authentication import Authenticator
from l7audit_stack.api.security.resealing import put_away, reseal
from l7audit_stack.api.security.retirement import retire_overdue_keys
from l7audit_stack.api.security.signing_keys import EVERY
from l7audit_stack.api.settings import SettingsError
from l7audit_stack.data.database import DatabaseAwayError
from l7audit_stack.data.store import StoreAwayError, StoreRefusedError

_PUBLISHED = "l7:policies:published"


class Upkeep:
    """Runs a round a second, and the slow round once an hour (seconds: `often`, `seldom`)."""

    def __init__(
        self,
        parts: Parts,
        authenticator: Authenticator,
        *,
        often: float = 1.0,
        seldom: float = 3600.0,
    ) -> None:
        self._parts = parts
        self._authenticator = authenticator
        self._often = often
        self._seldom = seldom
        self._slow_rounds = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._key_error = ""

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._watch_keys())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._try_round(slow=False)

    async def _watch_keys(self) -> None:
        while True:
            self.look_at_keys()
            await asyncio.sleep(EVERY)

    def look_at_keys(self) -> None:
        """Keys that came or went, with those that stand now."""
        parts, error = self._parts, ""
        try:
            if parts.signing.refresh():
                parts.log.say("INFO", "signing-keys", keys=list(parts.signing.public))
            if parts.data_keys.refresh():
                parts.log.say("INFO", "data-keys", keys=list(parts.data_keys.keys))
        except SettingsError as unreadable:
            error = str(unreadable)
        if error and error != self._key_error:
            parts.log.say("ERROR", "keys-unreadable", error=error)
        self._key_error = error

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        next_slow = loop.time()
        while True:
            slow = loop.time() >= next_slow
            if slow:
                next_slow = loop.time() + self._seldom
            await self._try_round(slow=slow)
            await asyncio.sleep(self._often)

    async def _try_round(self, *, slow: bool) -> None:
        try:
            await self.publish_policies()
            await self.keep_anchor()
            await self.write_last_uses()
            if slow:
                await self.clear_out()
                await self.put_keys_away()
                self._slow_rounds += 1
                if self._slow_rounds > 1:
                    # Not at the start: in a rolling update others don't have the new key yet.
                    await self.reseal_secrets()
        except (DatabaseAwayError, StoreAwayError, StoreRefusedError) as error:
            self._parts.log.say("DEBUG", "upkeep-postponed", error=type(error).__name__)

    async def publish_policies(self) -> None:
        """A store that was lost and came back empty gets the operators' policies again."""
        parts = self._parts
        if parts.store.here and not await parts.store.command("EXISTS", _PUBLISHED):
            await parts.rates.publish()
            await parts.store.command("SET", _PUBLISHED, "1")

    async def keep_anchor(self) -> None:
        """The same for the end of the audit chain."""
        if self._parts.store.here:
            try:
                await self._parts.audit.anchor_again()
            except AnchorBrokenError:
                self._parts.log.say("ERROR", "audit-anchor-forged")

    async def write_last_uses(self) -> None:
        used, self._authenticator.used = self._authenticator.used, {}
        if used:
            await self._parts.identities.record_use(
                {key: datetime.fromtimestamp(at, UTC) for key, at in used.items()}
            )

    async def clear_out(self) -> None:
        parts = self._parts
        await parts.identities.forget_expired_tokens(datetime.fromtimestamp(parts.clock(), UTC))
        if parts.settings.api_key_rotation_enabled:
            await retire_overdue_keys(parts, tenant=None, actor="upkeep")

    async def put_keys_away(self) -> None:
        try:
            await put_away(self._parts)
        except OSError as error:
            self._parts.log.say("ERROR", "retired-key-stays", error=str(error))

    async def reseal_secrets(self) -> None:
        if resealed := await reseal(self._parts):
            self._parts.log.say("INFO", "secrets-resealed", count=resealed)
