"""Who the caller is, as the service sees it. Touches no database: it shows the framework alone."""

from __future__ import annotations

from l7audit_stack.api.operation import Call, Operation, Output, Reply
from l7audit_stack.api.routes.shapes import caller


class Me(Output, frozen=True):
    """The caller. `scopes` is absent where the credential narrows nothing."""

    id: str
    name: str
    kind: str
    role: str
    tier: str
    tenant: str
    tenant_name: str
    method: str
    scopes: list[str] | None


async def show(call: Call) -> Reply:
    """Answer from the verified credential."""
    principal = caller(call)
    return Reply(
        Me(
            id=principal.id,
            name=principal.name,
            kind=principal.kind,
            role=principal.role,
            tier=principal.tier,
            tenant=principal.tenant,
            tenant_name=principal.tenant_name,
            method=principal.method,
            scopes=None if principal.scopes is None else sorted(principal.scopes),
        )
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="me.show",
        method="GET",
        path="/v1/me",
        handler=show,
        summary="Show the caller's identity, role and tenant.",
        tag="identity",
        permission="me:read",
        answer=Me,
    ),
)
