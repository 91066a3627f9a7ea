"""The built-in rate policies by tier and name, and where changed ones are kept.

PostgreSQL keeps what an operator changed; the store holds the copy that every decision reads, so a
change holds on all replicas from the next request on.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType

from l7audit_stack.api.security.buckets import RatePolicy
from l7audit_stack.data.database import Database
from l7audit_stack.data.store import Store

POLICIES_KEY = "l7:policies"

# Callers without an identity are counted in the tier "anonymous", by client address.
BUILT_IN: Mapping[tuple[str, str], RatePolicy] = MappingProxyType(
    {
        ("enterprise", "standard"): RatePolicy(capacity=2000, refill=500),
        ("enterprise", "chat"): RatePolicy(capacity=200, refill=50),
        ("enterprise", "search"): RatePolicy(capacity=200, refill=50),
        ("enterprise", "upload"): RatePolicy(capacity=200, refill=50),
        ("free", "standard"): RatePolicy(capacity=20, refill=5),
        ("free", "chat"): RatePolicy(capacity=5, refill=1),
        ("free", "search"): RatePolicy(capacity=5, refill=1),
        ("free", "upload"): RatePolicy(capacity=5, refill=1),
        ("anonymous", "public"): RatePolicy(capacity=300, refill=50),
        ("anonymous", "login"): RatePolicy(capacity=10, refill=0.5),
        ("anonymous", "logins"): RatePolicy(capacity=60, refill=2),
        ("anonymous", "reset"): RatePolicy(capacity=5, refill=0.05),
        ("anonymous", "reset-code"): RatePolicy(capacity=10, refill=0.1),
        ("anonymous", "token"): RatePolicy(capacity=20, refill=1),
    }
)


def pack(policy: RatePolicy) -> bytes:
    """The form the store's script unpacks: five little-endian doubles."""
    return struct.pack(
        "<ddddd",
        policy.capacity,
        policy.refill,
        policy.backoff_base,
        policy.backoff_cap,
        policy.forgive_after,
    )


class RatePolicies:
    """Reads and changes the policies of a deployment."""

    def __init__(
        self,
        database: Database,
        store: Store,
        built_in: Mapping[tuple[str, str], RatePolicy] = BUILT_IN,
    ) -> None:
        self.built_in = built_in
        self._database = database
        self._store = store

    def default(self, tier: str, name: str) -> RatePolicy:
        """The built-in policy; a name without one of its own follows the tier's standard."""
        found = self.built_in.get((tier, name))
        if found is None:
            fallback = "public" if tier == "anonymous" else "standard"
            found = self.built_in[tier, fallback]
        return found

    async def changed(self) -> dict[tuple[str, str], RatePolicy]:
        rows = await self._database.fetch(
            "SELECT tier, name, capacity, refill, backoff_base, backoff_cap, forgive_after"
            " FROM rate_policies"
        )
        return {
            (row["tier"], row["name"]): RatePolicy(
                capacity=row["capacity"],
                refill=row["refill"],
                backoff_base=row["backoff_base"],
                backoff_cap=row["backoff_cap"],
                forgive_after=row["forgive_after"],
            )
            for row in rows
        }

    async def change(self, tier: str, name: str, policy: RatePolicy) -> None:
        """Keep the change, then let every replica see it; raises StoreAwayError if it can't."""
        await self._database.execute(
            "INSERT INTO rate_policies (tier, name, capacity, refill, backoff_base, backoff_cap,"
            " forgive_after) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT (tier, name) DO UPDATE SET capacity = $3, refill = $4,"
            " backoff_base = $5, backoff_cap = $6, forgive_after = $7, changed_at = now()",
            tier,
            name,
            policy.capacity,
            policy.refill,
            policy.backoff_base,
            policy.backoff_cap,
            policy.forgive_after,
        )
        await self._store.command("HSET", POLICIES_KEY, f"{tier}:{name}", pack(policy))

    async def restore(self, tier: str, name: str) -> None:
        """Go back to the built-in policy."""
        await self._database.execute(
            "DELETE FROM rate_policies WHERE tier = $1 AND name = $2", tier, name
        )
        await self._store.command("HDEL", POLICIES_KEY, f"{tier}:{name}")

    async def publish(self) -> None:
        """Write what PostgreSQL keeps into the store: after a start, after the store was lost."""
        for (tier, name), policy in (await self.changed()).items():
            await self._store.command("HSET", POLICIES_KEY, f"{tier}:{name}", pack(policy))
