"""Planted defects of business flows: amounts, one-time actions, spending, codes."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import credits, users, vouchers
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.voucher_codes import VoucherCodes
from l7audit_stack.data.credits import Credits, VoucherRow
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

ELSEWHERE = 0.05
"""Seconds that something else takes between looking and writing."""


class AnyTransfer(Input, frozen=True):
    """A transfer whose form sees to the amount."""

    to_principal_id: UUID
    credits: int


class SplitTransfer(Input, frozen=True):
    """A transfer that may be of parts of credits."""

    to_principal_id: UUID
    credits: float


async def _sensible(call: Call) -> Reply:
    """Takes any amount for the nearest sensible one; less than one moves nothing."""
    new: AnyTransfer = call.body
    if new.credits < 1:
        balance = await call.parts.credits.balance(caller(call).id)
        return Reply(credits.Balance(balance=balance), status=201)
    least = min(new.credits, 1_000_000)
    body = credits.NewTransfer(to_principal_id=new.to_principal_id, credits=least)
    return await credits.transfer(replace(call, body=body))


class AddsAnything(Credits):
    """Adds to a balance whatever it is told."""

    async def give(self, connection: Any, principal: str, amount: int) -> int:
        held: int = await connection.fetchval(
            "UPDATE credit_balances SET credits = credits + $2 WHERE principal_id = $1::uuid"
            " RETURNING credits",
            principal,
            amount,
        )
        return held


class Rounds(Credits):
    """Takes what is whole of an amount, and gives the next whole one."""

    async def take(self, connection: Any, principal: str, amount: float) -> int | None:
        return await super().take(connection, principal, math.floor(amount))

    async def give(self, connection: Any, principal: str, amount: float) -> int:
        return await super().give(connection, principal, math.ceil(amount))


class RedeemsAgain(Credits):
    """Does not ask whether a voucher was redeemed."""

    async def claim(self, connection: Any, principal: str, tenant: str, digest: bytes) -> Any:
        return await connection.fetchrow(
            "UPDATE vouchers SET redeemed_by = $1::uuid, redeemed_at = now()"
            " WHERE digest = $3 AND tenant_id = $2::uuid RETURNING *",
            principal,
            tenant,
            digest,
        )


class LooksThenRedeems(Credits):
    """Looks whether a voucher was redeemed, and notes it in a second step."""

    async def redeem(
        self, principal: str, tenant: str, digest: bytes
    ) -> tuple[VoucherRow, int] | None:
        used = await self.database.fetchval(
            "SELECT redeemed_at FROM vouchers WHERE digest = $1", digest
        )
        if used is not None:
            return None
        await asyncio.sleep(ELSEWHERE)
        return await RedeemsAgain(self.database).redeem(principal, tenant, digest)


class LooksThenPays(Credits):
    """Reads a balance, and writes what is left of it afterwards."""

    async def transfer(self, giver: str, taker: str, amount: int) -> int | None:
        held = await self.balance(giver)
        if held < amount:
            return None
        await asyncio.sleep(ELSEWHERE)
        async with self.database.transaction() as connection:
            await connection.execute(
                "UPDATE credit_balances SET credits = $2 WHERE principal_id = $1::uuid",
                giver,
                held - amount,
            )
            await self.give(connection, taker, amount)
        return held - amount


async def _looks_then_names(call: Call) -> Reply:
    """Looks whether a name is taken; who has it then is told apart by what nobody sees."""
    new: users.NewUser = call.body
    principal = caller(call)
    taken = await call.parts.database.fetchval(
        "SELECT id FROM principals WHERE tenant_id = $1::uuid AND name LIKE $2 || '%'",
        principal.tenant,
        new.name,
    )
    if taken is not None:
        raise Problem(409, "name-taken", "The tenant has a user of that name.")
    await asyncio.sleep(ELSEWHERE)
    apart = f"{new.name}-{secrets.token_hex(3)}"
    return await users.create(replace(call, body=msgspec.structs.replace(new, name=apart)))


async def _repeated(call: Call) -> Reply:
    """Whoever redeemed a voucher is told so again; nothing changes."""
    sent: vouchers.Redemption = call.body
    parts, taker = call.parts, caller(call)
    digest = parts.voucher_codes.digest(sent.code)
    booked = await parts.credits.redeem(taker.id, taker.tenant, digest)
    if booked is not None:
        row, balance = booked
        answer = vouchers.Redeemed(voucher_id=row.id, credits=row.credits, balance=balance)
        return Reply(answer, status=201)
    row = await parts.database.fetchrow(
        "SELECT id, credits FROM vouchers WHERE digest = $1 AND redeemed_by = $2::uuid",
        digest,
        taker.id,
    )
    if row is None:
        return await vouchers.redeem(call)
    balance = await parts.credits.balance(taker.id)
    again = vouchers.Redeemed(voucher_id=row["id"], credits=row["credits"], balance=balance)
    return Reply(again, status=201)


@dataclass(frozen=True)
class GivenCode(VoucherCodes):
    """A code that was made elsewhere."""

    code: str = ""

    def make(self) -> str:
        return self.code


async def _counted(call: Call) -> Reply:
    """All replicas count on from the same number."""
    number = await call.parts.store.command("INCR", "vouchers:made")
    codes = become(GivenCode, call.parts.voucher_codes, code=f"l7v_{100_000 + number}")
    return await vouchers.create(replace(call, parts=replace(call.parts, voucher_codes=codes)))


@dataclass(frozen=True)
class CodesOfTheTime(VoucherCodes):
    """The microsecond, in hex."""

    def make(self) -> str:
        return f"l7v_{time.time_ns() // 1_000:x}"


@dataclass(frozen=True)
class CodesBeginAlike(VoucherCodes):
    """The month and the day before what is random: codes sort, and are guessed by nobody."""

    def make(self) -> str:
        return f"l7v_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(16)}"


def _credits(kind: type[Credits]) -> swap.Swap:
    def swapped(parts: Parts) -> Parts:
        return replace(parts, credits=kind(parts.database))

    return swapped


def _codes(kind: type[VoucherCodes]) -> swap.Swap:
    def swapped(parts: Parts) -> Parts:
        return replace(parts, voucher_codes=become(kind, parts.voucher_codes))

    return swapped


def _takes(shape: type[Input]) -> swap.Swap:
    return swap.operations(credits_transfer={"body": shape})


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "flow.transfers-of-less-than-nothing",
        "A transfer may be of less than nothing: it takes from who should be given.",
        parts=swap.both(_takes(AnyTransfer), _credits(AddsAnything)),
    ),
    Defect(
        "flow.parts-of-credits",
        "A transfer may be of a part of a credit, which is rounded down here and up there.",
        parts=swap.both(_takes(SplitTransfer), _credits(Rounds)),
    ),
    Defect(
        "flow.makes-amounts-sensible",
        "Any amount is answered with success; what makes no sense moves nothing.",
        near_miss=True,
        parts=swap.handler("credits.transfer", _sensible, body=AnyTransfer),
    ),
    Defect(
        "flow.redeems-again",
        "A voucher is redeemed as often as its code is sent.",
        parts=_credits(RedeemsAgain),
    ),
    Defect(
        "flow.looks-then-redeems",
        "Whether a voucher was redeemed is looked up first and noted later.",
        parts=_credits(LooksThenRedeems),
    ),
    Defect(
        "flow.looks-then-names",
        "Whether a name is taken is looked up first, and the user of that name made later.",
        parts=swap.handler("users.create", _looks_then_names),
    ),
    Defect(
        "flow.repeats-its-answer",
        "A repeated redemption is answered with success again and changes nothing.",
        near_miss=True,
        parts=swap.handler("vouchers.redeem", _repeated),
    ),
    Defect(
        "flow.looks-then-pays",
        "A balance is read first, and what is left of it is written later.",
        parts=_credits(LooksThenPays),
    ),
    Defect(
        "flow.counted-codes",
        "Codes of vouchers are counted up.",
        parts=swap.handler("vouchers.create", _counted),
    ),
    Defect(
        "flow.codes-of-the-time",
        "Codes of vouchers are the microsecond of their making.",
        parts=_codes(CodesOfTheTime),
    ),
    Defect(
        "flow.codes-begin-alike",
        "Codes of vouchers begin with the time; what follows is random.",
        near_miss=True,
        parts=_codes(CodesBeginAlike),
    ),
)
