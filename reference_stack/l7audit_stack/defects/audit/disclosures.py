"""Planted defects of the audit trail: what a record gives away."""

from __future__ import annotations

from collections.abc import Callable

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.auth import Login
from l7audit_stack.defects.authz.swap import handlers
from l7audit_stack.defects.defect import Defect


async def _tell(call: Call, action: str, what: str) -> None:
    principal = call.principal
    await call.parts.audit.record(
        call.parts.audit.event(
            action,
            actor=principal.id if principal else "anonymous",
            tenant=principal.tenant if principal else None,
            object=what,
            client=call.client,
            request_id=call.request_id,
        )
    )


def _telling_key(text_of: Callable[[str], str]) -> Callable[[Handler], Handler]:
    """Records a debugging line with what was answered."""

    def around(handler: Handler) -> Handler:
        async def told(call: Call) -> Reply:
            reply = await handler(call)
            await _tell(call, "key.answered", text_of(reply.content.key))
            return reply

        return told

    return around


def _telling_login(handler: Handler) -> Handler:
    async def told(call: Call) -> Reply:
        wanted: Login = call.body
        try:
            return await handler(call)
        except Problem:
            await _tell(call, "login.tried", f"{wanted.username}/{wanted.password}")
            raise

    return told


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="audit.keeps-new-keys",
        summary="The text of a new API key is recorded.",
        parts=handlers({"keys.create"}, _telling_key(lambda key: key)),
    ),
    Defect(
        name="audit.keeps-tried-passwords",
        summary="The password of a login that failed is recorded.",
        parts=handlers({"auth.login"}, _telling_login),
    ),
    Defect(
        name="audit.keeps-the-start-of-keys",
        summary="The public start of a new API key is recorded.",
        near_miss=True,
        parts=handlers({"keys.create"}, _telling_key(lambda key: key[:19])),
    ),
)
