"""Usage credits and vouchers in PostgreSQL: each move of value is one transaction.

What is given is taken by a conditional update, so that it is given once however many replicas
are asked at the same moment. Balances are locked in the order of their ids: no two moves wait for
each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from l7audit_stack.data.database import Database

_VOUCHER = "id, owner_id, credits, redeemed_by, redeemed_at, created_at"


class FullError(Exception):
    """A balance would hold more than it may."""


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A voucher without its code."""

    id: UUID
    owner_id: UUID
    credits: int
    redeemed_by: UUID | None
    redeemed_at: datetime | None
    created_at: datetime


class Credits:
    """Amounts are whole credits and positive: who calls sees to that."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def balance(self, principal: str) -> int:
        """What somebody holds."""
        held: int | None = await self.database.fetchval(
            "SELECT credits FROM credit_balances WHERE principal_id = $1::uuid", principal
        )
        return held or 0

    async def grant(self, principal: str, amount: int) -> int:
        """Credits out of nothing; the new balance. Errors: `FullError`."""
        async with self.database.transaction() as connection:
            return await self.give(connection, principal, amount)

    async def transfer(self, giver: str, taker: str, amount: int) -> int | None:
        """From one to another; the giver's new balance, None where it is too small. Errors:
        `FullError`."""
        async with self.database.transaction() as connection:
            await connection.execute(
                "SELECT 1 FROM credit_balances WHERE principal_id = ANY($1::uuid[])"
                " ORDER BY principal_id FOR NO KEY UPDATE",
                [giver, taker],
            )
            left = await self.take(connection, giver, amount)
            if left is not None:
                await self.give(connection, taker, amount)
            return left

    async def make_voucher(
        self, owner: str, tenant: str, amount: int, digest: bytes
    ) -> VoucherRow | None:
        """A voucher that its owner pays for; None where the balance is too small."""
        async with self.database.transaction() as connection:
            if await self.take(connection, owner, amount) is None:
                return None
            return _voucher(
                await connection.fetchrow(
                    "INSERT INTO vouchers (tenant_id, owner_id, credits, digest)"
                    f" VALUES ($1::uuid, $2::uuid, $3, $4) RETURNING {_VOUCHER}",
                    tenant,
                    owner,
                    amount,
                    digest,
                )
            )

    async def redeem(
        self, principal: str, tenant: str, digest: bytes
    ) -> tuple[VoucherRow, int] | None:
        """The voucher, booked to somebody of its tenant, and the new balance; None where it was
        redeemed before, or there is none. Errors: `FullError`."""
        async with self.database.transaction() as connection:
            row = await self.claim(connection, principal, tenant, digest)
            if row is None:
                return None
            return _voucher(row), await self.give(connection, principal, row["credits"])

    async def withdraw(self, voucher: UUID) -> bool:
        """Removes a voucher that nobody redeemed, and gives its owner the credits back."""
        async with self.database.transaction() as connection:
            row = await connection.fetchrow(
                "DELETE FROM vouchers WHERE id = $1 AND redeemed_at IS NULL"
                " RETURNING owner_id, credits",
                voucher,
            )
            if row is not None:
                await self.give(connection, str(row["owner_id"]), row["credits"])
            return row is not None

    # --- the steps of a move, within its transaction ----------------------------------------

    async def take(self, connection: Any, principal: str, amount: int) -> int | None:
        """What is left; None, and nothing is taken, where there is less."""
        left: int | None = await connection.fetchval(
            "UPDATE credit_balances SET credits = credits - $2"
            " WHERE principal_id = $1::uuid AND credits >= $2 RETURNING credits",
            principal,
            amount,
        )
        return left

    async def give(self, connection: Any, principal: str, amount: int) -> int:
        """The new balance. Errors: `FullError`."""
        try:
            held: int = await connection.fetchval(
                "INSERT INTO credit_balances AS b (principal_id, credits) VALUES ($1::uuid, $2)"
                " ON CONFLICT (principal_id) DO UPDATE SET credits = b.credits + $2"
                " RETURNING credits",
                principal,
                amount,
            )
        except asyncpg.CheckViolationError as error:
            raise FullError from error
        return held

    async def claim(self, connection: Any, principal: str, tenant: str, digest: bytes) -> Any:
        """Marks a voucher as redeemed; its row, None where it was, or there is none."""
        return await connection.fetchrow(
            "UPDATE vouchers SET redeemed_by = $1::uuid, redeemed_at = now()"
            " WHERE digest = $3 AND tenant_id = $2::uuid AND redeemed_at IS NULL"
            f" RETURNING {_VOUCHER}",
            principal,
            tenant,
            digest,
        )

    async def known(self, tenant: str, digest: bytes) -> bool:
        """Whether a tenant has a voucher of that code, redeemed or not."""
        return bool(
            await self.database.fetchval(
                "SELECT EXISTS (SELECT 1 FROM vouchers WHERE digest = $2 AND tenant_id = $1::uuid)",
                tenant,
                digest,
            )
        )


def _voucher(row: Any) -> VoucherRow:
    return VoucherRow(**{name: row[name] for name in VoucherRow.__slots__})
