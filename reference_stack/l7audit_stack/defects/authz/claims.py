"""Headers in which a gateway once told who is calling."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.authentication import Authenticator, Grant, principal_of
from l7audit_stack.api.security.policy import Reach
from l7audit_stack.defects.authn.swap import authenticator
from l7audit_stack.defects.authz.functions import guarded_by
from l7audit_stack.defects.authz.swap import Swap, handlers
from l7audit_stack.defects.defect import ASGIApp, Defect


def _uuid(text: str) -> str:
    """The text where it is a UUID; empty for anything else."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _tenant_of(header: str) -> Callable[[Handler], Handler]:
    """Works for the tenant that this header names."""

    def around(handler: Handler) -> Handler:
        async def believed(call: Call) -> Reply:
            tenant = _uuid(call.headers.get(header, ""))
            if tenant:
                principal = msgspec.structs.replace(caller(call), tenant=tenant)
                call = dataclasses.replace(call, principal=principal)
            return await handler(call)

        return believed

    return around


def _user_wins(handler: Handler) -> Handler:
    async def believed(call: Call) -> Reply:
        user = _uuid(call.headers.get("x-user-id", ""))
        row = await call.parts.identities.principal(user) if user else None
        if row is not None:
            principal = msgspec.structs.replace(
                caller(call), id=row.principal_id, tenant=row.tenant_id, role=row.role
            )
            call = dataclasses.replace(call, principal=principal)
        return await handler(call)

    return believed


def _role_wins(handler: Handler) -> Handler:
    """Whoever names a role in a header has it."""

    async def believed(call: Call) -> Reply:
        principal = caller(call)
        role = call.headers.get("x-user-role", principal.role)
        return await handler(
            dataclasses.replace(call, principal=msgspec.structs.replace(principal, role=role))
        )

    return believed


def _needing(permission: str) -> Callable[[Handler], Handler]:
    """Asks for a right where the router no longer does."""

    def around(handler: Handler) -> Handler:
        async def asked(call: Call) -> Reply:
            if call.parts.policy.reach(caller(call), permission) is Reach.NONE:
                raise Problem(403, "forbidden", "This needs another role.")
            return await handler(call)

        return asked

    return around


def _for_who_claims(name: str, permission: str) -> Swap:
    """Opens an operation to the role that a header names, if that has the right."""

    def claimed(parts: Parts) -> Parts:
        asked = guarded_by((name,), "me:read")(parts)
        inner = handlers((name,), _needing(permission))(asked)
        return handlers((name,), _role_wins)(inner)

    return claimed


class BelievesAGateway(Authenticator):
    """Takes who comes without a credential for whom a gateway would have named."""

    async def identify(self, headers: Mapping[str, str]) -> Grant:
        user = _uuid(headers.get("x-forwarded-user", ""))
        row = await self.parts.identities.principal(user) if user else None
        if row is None or {"authorization", "x-api-key"} & headers.keys():
            return await super().identify(headers)
        grant = Grant(user.encode())
        grant.principal = principal_of(row, "gateway", user, None, None)
        return grant

    async def confirm(self, grant: Grant, epoch: int | None) -> None:
        if grant.principal is None or grant.principal.method != "gateway":
            await super().confirm(grant, epoch)


def _repeats_the_claim(app: ASGIApp, _parts: Parts) -> ASGIApp:
    """Sends the tenant that was claimed back, as some gateways do for debugging."""

    async def around(scope: Any, receive: Any, send: Any) -> None:
        claims = [
            (name, value)
            for name, value in scope.get("headers", ())
            if name in (b"x-tenant-id", b"x-user-id", b"x-api-tenant-id", b"x-user-role")
        ]

        async def repeat(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *claims]}
            await send(message)

        await app(scope, receive, repeat)

    return around


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.tenant-from-a-header",
        summary="Documents are read in the tenant that a header names.",
        parts=handlers(("documents.show",), _tenant_of("x-tenant-id")),
    ),
    Defect(
        name="authz.tenant-from-the-house-s-header",
        summary="Agents are read in the tenant that a header named after the API's own ones names.",
        parts=handlers(("agents.show",), _tenant_of("x-api-tenant-id")),
    ),
    Defect(
        name="authz.user-from-a-header",
        summary="Webhooks are read in the name of the user whom a header names.",
        parts=handlers(("webhooks.show",), _user_wins),
    ),
    Defect(
        name="authz.stranger-from-a-header",
        summary="Who comes without a credential is whoever a gateway's header says.",
        parts=authenticator(BelievesAGateway),
    ),
    Defect(
        name="authz.role-from-a-header",
        summary="The audit log is open to the role that a header names.",
        parts=_for_who_claims("audit.list", "audit:read"),
    ),
    Defect(
        name="authz.operator-from-a-header",
        summary="The audit log is verified for the role that a header names; an admin may not.",
        parts=_for_who_claims("audit.verify", "audit:verify"),
    ),
    Defect(
        name="authz.account-s-role-from-a-header",
        summary="The account of who calls has the role that a header names.",
        parts=handlers(("me.show",), _role_wins),
    ),
    Defect(
        name="authz.claims-repeated",
        summary="Answers repeat the headers in which a caller claims to be somebody.",
        near_miss=True,
        wrap=_repeats_the_claim,
    ),
)
