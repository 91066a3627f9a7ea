"""A new password for who has one: by giving the one that holds."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.auth import Secret
from l7audit_stack.api.routes.shapes import caller

NewPassword = Annotated[str, msgspec.Meta(min_length=12, max_length=128, pattern=r"^[^\x00]*$")]


class PasswordChange(Input, frozen=True):
    """The password that holds, and the one that shall hold from now on."""

    current_password: Secret
    new_password: NewPassword


def admit(call: Call, password: str) -> None:
    """Refuses a password that everybody guesses."""
    if call.parts.passwords.guessable(password):
        raise Problem(422, "password-guessed", "This password is among the first that are guessed.")


async def change(call: Call) -> Reply:
    """Change the caller's password; all sessions end, this one, too."""
    wanted: PasswordChange = call.body
    principal, parts = caller(call), call.parts
    stored = await parts.identities.password_of(principal.id)
    if not await parts.passwords.check(wanted.current_password, stored):
        raise Problem(403, "password-wrong", "The current password is wrong, or there is none.")
    admit(call, wanted.new_password)
    digest = await asyncio.to_thread(parts.passwords.hash, wanted.new_password)
    await parts.identities.set_password(principal.id, digest)
    await parts.revocations.announce(principal.id)
    await parts.audit.record(
        parts.audit.event(
            "password.change",
            actor=principal.id,
            tenant=principal.tenant,
            object=f"user:{principal.id}",
            client=call.client,
            request_id=call.request_id,
        )
    )
    return Reply(status=204)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="passwords.change",
        method="POST",
        path="/v1/account/password",
        handler=change,
        summary="Change the caller's password, which ends all sessions.",
        tag="identity",
        permission="account:write",
        body=PasswordChange,
        status=204,
    ),
)
