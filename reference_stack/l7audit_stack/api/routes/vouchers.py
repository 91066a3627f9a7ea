"""Vouchers: credits as a gift, paid for when they are made, for whoever of the tenant has the code.

A code is shown once and good for one time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.owned import OwnedTable
from l7audit_stack.api.paging import PageQuery, next_cursor
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes.credits import Amount, full, tell, too_small
from l7audit_stack.api.routes.shapes import END, caller, identifier
from l7audit_stack.data.credits import FullError

_VOUCHERS = OwnedTable(
    "vouchers", "id, owner_id, credits, redeemed_by, redeemed_at, created_at", "voucher"
)


class NewVoucher(Input, frozen=True):
    """A voucher to make: its credits leave the maker's balance."""

    credits: Amount


class Redemption(Input, frozen=True):
    """The code of a voucher."""

    code: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^l7v_[A-Za-z0-9_-]+" + END)]


class Voucher(Output, frozen=True):
    """A voucher without its code."""

    id: UUID
    owner_id: UUID
    credits: int
    redeemed_by: UUID | None
    redeemed_at: datetime | None
    created_at: datetime


class VoucherMade(Voucher, frozen=True):
    """A voucher just made; `code` is shown this once."""

    code: str


class VoucherPage(Output, frozen=True):
    """Vouchers, newest first; `next_cursor` asks for what follows."""

    items: list[Voucher]
    next_cursor: str | None


class Redeemed(Output, frozen=True):
    """What a voucher brought, and the balance with it."""

    voucher_id: UUID
    credits: int
    balance: int


def _voucher(row: Any) -> Voucher:
    return Voucher(**{name: row[name] for name in Voucher.__struct_fields__})


async def create(call: Call) -> Reply:
    """Make a voucher out of the caller's own credits."""
    new: NewVoucher = call.body
    owner, parts = caller(call), call.parts
    code = parts.voucher_codes.make()
    row = await parts.credits.make_voucher(
        owner.id, owner.tenant, new.credits, parts.voucher_codes.digest(code)
    )
    if row is None:
        raise too_small()
    await tell(call, "voucher.made", f"voucher:{row.id}", owner.tenant)
    fields = {name: getattr(row, name) for name in Voucher.__struct_fields__}
    made = VoucherMade(**fields, code=code)
    return Reply(made, status=201, headers={"Location": f"/v1/vouchers/{row.id}"})


async def index(call: Call) -> Reply:
    """One page of the vouchers that the caller may see."""
    query: PageQuery = call.query
    rows = await _VOUCHERS.page(call, query, "vouchers:read")
    items = [_voucher(row) for row in rows[: query.limit]]
    return Reply(VoucherPage(items=items, next_cursor=next_cursor(rows, query.limit)))


async def show(call: Call) -> Reply:
    """One voucher."""
    key = identifier(call.path, "voucher_id", "voucher")
    return Reply(_voucher(await _VOUCHERS.find(call, key, "vouchers:read")))


async def withdraw(call: Call) -> Reply:
    """Take a voucher back that nobody redeemed."""
    key = identifier(call.path, "voucher_id", "voucher")
    row = await _VOUCHERS.find(call, key, "vouchers:write")
    try:
        withdrawn = await call.parts.credits.withdraw(key)
    except FullError as error:
        raise full() from error
    if not withdrawn:
        raise Problem(409, "voucher-redeemed", "The voucher was redeemed.")
    await tell(call, "voucher.withdrawn", f"voucher:{row['id']}", caller(call).tenant)
    return Reply(status=204)


async def redeem(call: Call) -> Reply:
    """Book a voucher of the tenant to the caller's balance."""
    sent: Redemption = call.body
    taker, parts = caller(call), call.parts
    digest = parts.voucher_codes.digest(sent.code)
    try:
        booked = await parts.credits.redeem(taker.id, taker.tenant, digest)
    except FullError as error:
        raise full() from error
    if booked is None:
        if await parts.credits.known(taker.tenant, digest):
            raise Problem(409, "voucher-redeemed", "The voucher was redeemed.")
        raise not_found("voucher")
    row, balance = booked
    await tell(call, "voucher.redeemed", f"voucher:{row.id}", taker.tenant)
    redeemed = Redeemed(voucher_id=row.id, credits=row.credits, balance=balance)
    return Reply(redeemed, status=201)


def _operation(name: str, method: str, path: str, **fields: object) -> Operation:
    return Operation(name=f"vouchers.{name}", method=method, path=path, tag="vouchers", **fields)  # type: ignore[arg-type]


OPERATIONS: tuple[Operation, ...] = (
    _operation(
        "create",
        "POST",
        "/v1/vouchers",
        handler=create,
        summary="Make a voucher out of one's own credits; its code is shown once.",
        permission="vouchers:write",
        body=NewVoucher,
        answer=VoucherMade,
        status=201,
    ),
    _operation(
        "list",
        "GET",
        "/v1/vouchers",
        handler=index,
        summary="List vouchers, newest first.",
        permission="vouchers:read",
        query=PageQuery,
        answer=VoucherPage,
    ),
    _operation(
        "redeem",
        "POST",
        "/v1/vouchers/redemptions",
        handler=redeem,
        summary="Redeem a voucher of the tenant; it is good for one time.",
        permission="vouchers:redeem",
        body=Redemption,
        answer=Redeemed,
        status=201,
        refers=True,
    ),
    _operation(
        "show",
        "GET",
        "/v1/vouchers/{voucher_id}",
        handler=show,
        summary="Show a voucher without its code.",
        permission="vouchers:read",
        answer=Voucher,
    ),
    _operation(
        "withdraw",
        "DELETE",
        "/v1/vouchers/{voucher_id}",
        handler=withdraw,
        summary="Take a voucher back that nobody redeemed; its credits return.",
        permission="vouchers:write",
        status=204,
    ),
)
