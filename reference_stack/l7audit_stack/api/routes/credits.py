"""Usage credits: everybody's balance, what is given to others of the tenant, and what the platform
grants."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.data.credits import FullError
from l7audit_stack.data.identities import PrincipalRow

Amount = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class NewTransfer(Input, frozen=True):
    """Credits to give to somebody of one's own tenant."""

    to_principal_id: UUID
    credits: Amount


class NewGrant(Input, frozen=True):
    """Credits that the platform gives to somebody."""

    principal_id: UUID
    credits: Amount


class Balance(Output, frozen=True):
    """What the caller holds."""

    balance: int


class Granted(Output, frozen=True):
    """What was given to whom."""

    principal_id: UUID
    credits: int


async def show(call: Call) -> Reply:
    """The caller's balance."""
    return Reply(Balance(balance=await call.parts.credits.balance(caller(call).id)))


async def transfer(call: Call) -> Reply:
    """Give credits to somebody of the same tenant."""
    new: NewTransfer = call.body
    giver = caller(call)
    taker = await call.parts.identities.principal(str(new.to_principal_id))
    if taker is None or taker.tenant_id != giver.tenant or taker.principal_id == giver.id:
        raise not_found("principal to give to")
    try:
        left = await call.parts.credits.transfer(giver.id, taker.principal_id, new.credits)
    except FullError as error:
        raise full() from error
    if left is None:
        raise too_small()
    await tell(call, "credits.transferred", f"principal:{taker.principal_id}", taker.tenant_id)
    return Reply(Balance(balance=left), status=201)


async def grant(call: Call) -> Reply:
    """Give credits out of the platform's hand."""
    new: NewGrant = call.body
    taker: PrincipalRow | None = await call.parts.identities.principal(str(new.principal_id))
    if taker is None:
        raise not_found("principal")
    try:
        await call.parts.credits.grant(taker.principal_id, new.credits)
    except FullError as error:
        raise full() from error
    await tell(call, "credits.granted", f"principal:{taker.principal_id}", taker.tenant_id)
    granted = Granted(principal_id=new.principal_id, credits=new.credits)
    return Reply(granted, status=201)


def too_small() -> Problem:
    return Problem(409, "balance-too-small", "The balance is too small.")


def full() -> Problem:
    return Problem(409, "balance-full", "The balance can't hold that many credits.")


async def tell(call: Call, action: str, what: str, tenant: str) -> None:
    """Moves of value are security events."""
    await call.parts.audit.record(
        call.parts.audit.event(
            action,
            actor=caller(call).id,
            tenant=tenant,
            object=what,
            client=call.client,
            request_id=call.request_id,
        )
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="credits.show",
        method="GET",
        path="/v1/credits",
        handler=show,
        summary="Show the caller's balance of usage credits.",
        tag="credits",
        permission="credits:read",
        answer=Balance,
    ),
    Operation(
        name="credits.transfer",
        method="POST",
        path="/v1/credits/transfers",
        handler=transfer,
        summary="Give credits to somebody of the same tenant.",
        tag="credits",
        permission="credits:spend",
        body=NewTransfer,
        answer=Balance,
        status=201,
    ),
    Operation(
        name="credits.grant",
        method="POST",
        path="/v1/credits/grants",
        handler=grant,
        summary="Grant credits to a principal of any tenant.",
        tag="credits",
        permission="credits:grant",
        body=NewGrant,
        answer=Granted,
        status=201,
    ),
)
