"""Health: is the process alive, does it take traffic, and, for who may know, what it depends on.

The public answers say one word: the inside of the service is nobody's business.
"""

from __future__ import annotations

from typing import Literal

from l7audit_stack.api.operation import Call, Operation, Output, Reply
from l7audit_stack.api.problems import Problem


class Live(Output, frozen=True):
    """The process answers."""

    status: Literal["alive"]


class Ready(Output, frozen=True):
    """The replica takes traffic."""

    status: Literal["ready"]


class Dependency(Output, frozen=True):
    """One dependency: whether it answered, and after how many milliseconds."""

    name: str
    required: bool
    ready: bool
    milliseconds: float


class HealthDetail(Output, frozen=True):
    """The replica and what it depends on. Degraded: something that isn't required is away."""

    status: Literal["ready", "degraded", "unavailable"]
    replica: str
    dependencies: list[Dependency]


async def live(_call: Call) -> Reply:
    """Asks nothing of anybody: a dependency that is away is no reason to restart the process."""
    return Reply(Live(status="alive"))


async def ready(call: Call) -> Reply:
    """503 while a required dependency is away, so that a balancer looks elsewhere."""
    if not await call.parts.readiness.is_ready():
        raise Problem(
            503, "not-ready", "The service is not ready for traffic.", headers={"Retry-After": "1"}
        )
    return Reply(Ready(status="ready"))


async def detail(call: Call) -> Reply:
    """The state of each dependency."""
    states = await call.parts.readiness.states()
    if not all(state.ready for state in states if state.required):
        status: Literal["ready", "degraded", "unavailable"] = "unavailable"
    else:
        status = "ready" if all(state.ready for state in states) else "degraded"
    dependencies = [
        Dependency(
            name=state.name,
            required=state.required,
            ready=state.ready,
            milliseconds=state.milliseconds,
        )
        for state in states
    ]
    replica = call.parts.settings.replica_name
    return Reply(HealthDetail(status=status, replica=replica, dependencies=dependencies))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="health.live",
        method="GET",
        path="/health/live",
        handler=live,
        summary="Tell that the process is alive.",
        tag="health",
        public=True,
        answer=Live,
        limit="public",
    ),
    Operation(
        name="health.ready",
        method="GET",
        path="/health/ready",
        handler=ready,
        summary="Tell whether the service takes traffic.",
        tag="health",
        public=True,
        answer=Ready,
        limit="public",
    ),
    Operation(
        name="health.detail",
        method="GET",
        path="/health/detail",
        handler=detail,
        summary="Show the state of each dependency.",
        tag="health",
        permission="health:detail",
        answer=HealthDetail,
    ),
)
