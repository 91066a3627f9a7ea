"""Ways to let an operation decide differently about who may."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

from l7audit_stack.api.operation import Call, Handler, Operation, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.policy import AccessPolicy, Reach
from l7audit_stack.api.security.principals import Principal

Swap = Callable[[Parts], Parts]


class Everybody(AccessPolicy):
    """Asks for the right to use an operation, never whose the object is."""

    def may(
        self,
        principal: Principal,
        permission: str,
        *,
        owner: str | None = None,
        tenant: str | None = None,
    ) -> bool:
        return self.reach(principal, permission) is not Reach.NONE

    def tenant_filter(self, principal: Principal, permission: str) -> str | None:
        return None

    def owner_filter(self, principal: Principal, permission: str) -> str | None:
        return None


def operations(change: Callable[[Operation], Operation]) -> Swap:
    """Every operation, changed or not."""
    return lambda parts: dataclasses.replace(
        parts, operations=tuple(change(operation) for operation in parts.operations)
    )


def handlers(names: Collection[str], around: Callable[[Handler], Handler]) -> Swap:
    """Puts something around the handlers of the operations of these names."""

    def change(operation: Operation) -> Operation:
        if operation.name not in names:
            return operation
        return dataclasses.replace(operation, handler=around(operation.handler))

    return operations(change)


def lax(call: Call, kind: type[AccessPolicy] = Everybody) -> Call:
    """The call, decided by a policy of another class than the app's own."""
    policy = kind(call.parts.policy.grants)
    return dataclasses.replace(call, parts=dataclasses.replace(call.parts, policy=policy))


def deciding(kind: type[AccessPolicy]) -> Callable[[Handler], Handler]:
    """Lets a handler decide by a policy of another class than the app's own."""

    def around(handler: Handler) -> Handler:
        async def decided(call: Call) -> Reply:
            return await handler(lax(call, kind))

        return decided

    return around
