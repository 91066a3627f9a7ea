"""Rate policies, changeable while running: for the operators of the platform."""

from __future__ import annotations

from typing import Annotated

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.problems import not_found
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.buckets import RatePolicy

Rate = Annotated[float, msgspec.Meta(gt=0, le=100_000)]
Pause = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class PolicyChange(Input, frozen=True):
    """`capacity` requests at once and `refill` a second; back-off in seconds."""

    capacity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    refill: Rate
    backoff_base: Pause = 1.0
    backoff_cap: Pause = 60.0
    forgive_after: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 10.0


class Policy(Output, frozen=True):
    """A rate policy as enforced; `built_in` says that nobody changed it."""

    tier: str
    name: str
    capacity: int
    refill: float
    backoff_base: float
    backoff_cap: float
    forgive_after: float
    built_in: bool


class Policies(Output, frozen=True):
    """All rate policies."""

    items: list[Policy]


def _shown(tier: str, name: str, policy: RatePolicy, *, built_in: bool) -> Policy:
    return Policy(
        tier=tier,
        name=name,
        capacity=policy.capacity,
        refill=policy.refill,
        backoff_base=policy.backoff_base,
        backoff_cap=policy.backoff_cap,
        forgive_after=policy.forgive_after,
        built_in=built_in,
    )


async def index(call: Call) -> Reply:
    """The policies in force."""
    rates = call.parts.rates
    changed = await rates.changed()
    items = [
        _shown(tier, name, changed.get((tier, name), policy), built_in=(tier, name) not in changed)
        for (tier, name), policy in rates.built_in.items()
    ]
    return Reply(Policies(items=items))


async def change(call: Call) -> Reply:
    """Change a policy on all replicas, from the next request on."""
    wanted: PolicyChange = call.body
    tier, name = _place(call)
    policy = RatePolicy(
        capacity=wanted.capacity,
        refill=wanted.refill,
        backoff_base=wanted.backoff_base,
        backoff_cap=wanted.backoff_cap,
        forgive_after=wanted.forgive_after,
    )
    await call.parts.rates.change(tier, name, policy)
    await _tell(call, "policy.changed", f"{tier}:{name}")
    return Reply(_shown(tier, name, policy, built_in=False))


async def restore(call: Call) -> Reply:
    """Go back to the built-in policy."""
    tier, name = _place(call)
    await call.parts.rates.restore(tier, name)
    await _tell(call, "policy.restored", f"{tier}:{name}")
    return Reply(status=204)


def _place(call: Call) -> tuple[str, str]:
    place = (call.path["tier"], call.path["name"])
    if place not in call.parts.rates.built_in:
        raise not_found("rate policy")
    return place


async def _tell(call: Call, action: str, policy: str) -> None:
    principal = caller(call)
    await call.parts.audit.record(
        call.parts.audit.event(
            action,
            actor=principal.id,
            tenant=principal.tenant,
            object=f"policy:{policy}",
            client=call.client,
            request_id=call.request_id,
        )
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="policies.list",
        method="GET",
        path="/v1/rate-policies",
        handler=index,
        summary="List the rate policies in force.",
        tag="rate policies",
        permission="policies:read",
        answer=Policies,
    ),
    Operation(
        name="policies.change",
        method="PUT",
        path="/v1/rate-policies/{tier}/{name}",
        handler=change,
        summary="Change a rate policy on all replicas.",
        tag="rate policies",
        permission="policies:write",
        body=PolicyChange,
        answer=Policy,
    ),
    Operation(
        name="policies.restore",
        method="DELETE",
        path="/v1/rate-policies/{tier}/{name}",
        handler=restore,
        summary="Restore a built-in rate policy.",
        tag="rate policies",
        permission="policies:write",
        status=204,
    ),
)
