"""A new password for who forgot the old one, by a code that is sent to them.

Nobody learns here who has an account: the answers are the same, after the same work.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.auth import Handle, counted_account
from l7audit_stack.api.routes.passwords import NewPassword, admit
from l7audit_stack.data.identities import PrincipalRow


class ResetRequest(Input, frozen=True):
    """Whose password was forgotten."""

    username: Handle


class Reset(Input, frozen=True):
    """The code that was sent, and the password that shall hold from now on."""

    username: Handle
    code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8}$")]
    password: NewPassword


async def ask(call: Call) -> Reply:
    """Have a code sent that allows a new password; whether there is such a user is not told."""
    wanted: ResetRequest = call.body
    row = await _user(call, wanted.username)
    await call.parts.resets.begin(row.principal_id if row else None, wanted.username)
    await _tell(call, row, "asked")
    return Reply(status=202)


async def confirm(call: Call) -> Reply:
    """Set a new password with the code that was sent."""
    wanted: Reset = call.body
    admit(call, wanted.password)
    row = await _user(call, wanted.username)
    if not await call.parts.resets.end(row.principal_id if row else None, wanted.code):
        await _tell(call, row, "failed")
        raise Problem(400, "reset-failed", "The username or the code is wrong, or it is too late.")
    assert row is not None  # a code is good for users only
    digest = await asyncio.to_thread(call.parts.passwords.hash, wanted.password)
    await call.parts.identities.set_password(row.principal_id, digest)
    await call.parts.revocations.announce(row.principal_id)
    await _tell(call, row, "ok")
    return Reply(status=204)


async def _user(call: Call, username: str) -> PrincipalRow | None:
    found = await call.parts.identities.user_by_username(username)
    return found[0] if found and found[0].disabled_at is None else None


async def _tell(call: Call, row: PrincipalRow | None, outcome: str) -> None:
    await call.parts.audit.keep(
        call.parts.audit.event(
            f"password-reset.{outcome}",
            actor=row.principal_id if row else "anonymous",
            tenant=row.tenant_id if row else None,
            outcome=outcome,
            client=call.client,
            request_id=call.request_id,
        )
    )


def _account(call: Call) -> str:
    return counted_account(call.body.username)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="resets.ask",
        method="POST",
        path="/v1/password-resets",
        handler=ask,
        summary="Have a code sent to a user who forgot the password.",
        tag="authentication",
        public=True,
        body=ResetRequest,
        status=202,
        limit="reset",
        account=_account,
    ),
    Operation(
        name="resets.confirm",
        method="POST",
        path="/v1/password-resets/confirmation",
        handler=confirm,
        summary="Set a new password with the code that was sent.",
        tag="authentication",
        public=True,
        body=Reset,
        status=204,
        limit="reset-code",
        account=_account,
    ),
)
