"""Planted defects of failover: what clients lose when a replica dies or freezes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.routes.agents import Agent, NewAgent
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.data.database import DatabaseAwayError
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.edge import connection_manager
from l7audit_stack.defects.input import swap

_TRY = "0.5s"
_REPEATED = "gateway-error,reset,connect-failure,refused-stream"
_BUSY = 5
"""Agents in one second from which on they are stored in bulk."""

_MANY, _THIRD = 25, 3
"""Reads of agents within one second that only clients at work ask for, and such a second."""

_LATER = 0.5
_WHILE = 0.2

Edit = Callable[[dict[str, Any]], dict[str, Any]]


def _cluster(bootstrap: dict[str, Any]) -> dict[str, Any]:
    cluster: dict[str, Any] = bootstrap["static_resources"]["clusters"][0]
    return cluster


def _routes(bootstrap: dict[str, Any]) -> list[dict[str, Any]]:
    """Of what may be repeated, and of everything else."""
    hosts = connection_manager(bootstrap)["route_config"]["virtual_hosts"]
    return [r["route"] for r in hosts[0]["routes"]]


def _repeat_slow(route: dict[str, Any]) -> None:
    """What takes longer than a moment is sent to another replica."""
    route["retry_policy"] |= {"per_try_timeout": _TRY, "retry_on": _REPEATED}


def _no_repeats(bootstrap: dict[str, Any]) -> dict[str, Any]:
    for route in _routes(bootstrap):
        del route["retry_policy"]
    return bootstrap


def _no_health_checks(bootstrap: dict[str, Any]) -> dict[str, Any]:
    del _cluster(bootstrap)["health_checks"]
    return bootstrap


def _outliers(bootstrap: dict[str, Any]) -> dict[str, Any]:
    """In place of health checks: whoever does not answer requests is left alone for a while."""
    _no_health_checks(bootstrap)
    _cluster(bootstrap)["outlier_detection"] = {
        "consecutive_gateway_failure": 2,
        "enforcing_consecutive_gateway_failure": 100,
        "interval": "0.2s",
        "base_ejection_time": "1s",
        "max_ejection_percent": 50,
    }
    return _slow_reads(bootstrap)


def _slow_reads(bootstrap: dict[str, Any]) -> dict[str, Any]:
    _repeat_slow(_routes(bootstrap)[0])
    return bootstrap


def _slow_writes(bootstrap: dict[str, Any]) -> dict[str, Any]:
    _repeat_slow(_routes(bootstrap)[1])
    return bootstrap


def _hold_on(bootstrap: dict[str, Any]) -> dict[str, Any]:
    for route in _routes(bootstrap):
        route["retry_policy"].pop("per_try_idle_timeout", None)
    return bootstrap


def _healthy_after(checks: int) -> Edit:
    def edit(bootstrap: dict[str, Any]) -> dict[str, Any]:
        for check in _cluster(bootstrap)["health_checks"]:
            check["healthy_threshold"] = checks
        return bootstrap

    return edit


def _in_bulk(parts: Parts) -> Parts:
    """Under load an agent is kept in memory at first, and answered for."""
    own = _own(parts, "agents.create")
    asked: deque[float] = deque(maxlen=_BUSY)
    waiting: set[asyncio.Task[None]] = set()

    async def careless(call: Call) -> Reply:
        asked.append(time.monotonic())
        if len(asked) < _BUSY or asked[-1] - asked[0] > 1:
            return await own(call)
        agent = _made(call)
        task = asyncio.create_task(_stored(call, agent))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        return Reply(agent, status=201)

    return swap.handler("agents.create", careless)(parts)


def _made(call: Call) -> Agent:
    new: NewAgent = call.body
    now = datetime.now(UTC)
    return Agent(
        id=uuid4(),
        owner_id=UUID(caller(call).id),
        name=new.name,
        description=new.description,
        instructions=new.instructions,
        created_at=now,
        updated_at=now,
    )


async def _stored(call: Call, agent: Agent) -> None:
    await asyncio.sleep(_LATER)
    await call.parts.database.execute(
        "INSERT INTO agents (id, tenant_id, owner_id, name, description, instructions)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6)",
        agent.id,
        caller(call).tenant,
        agent.owner_id,
        agent.name,
        agent.description,
        agent.instructions,
    )


def _slowly(*, before: bool) -> Callable[[Parts], Parts]:
    """Making an agent takes a while, before or after it is stored."""

    def swapped(parts: Parts) -> Parts:
        own = _own(parts, "agents.create")

        async def slow(call: Call) -> Reply:
            if before:
                await asyncio.sleep(_WHILE)
            reply = await own(call)
            if not before:
                await asyncio.sleep(_WHILE)
            return reply

        return swap.handler("agents.create", slow)(parts)

    return swapped


def _fails_once(parts: Parts) -> Parts:
    """One read of all fails, once clients have been at work for a while, and no other ever."""
    own = _own(parts, "agents.show")

    async def unlucky(call: Call) -> Reply:
        store = parts.store
        asked = await store.command("INCR", f"reads:{int(time.time())}")
        if asked == _MANY and await store.command("INCR", "busy seconds") == _THIRD:
            raise DatabaseAwayError("once")
        return await own(call)

    return swap.handler("agents.show", unlucky)(parts)


def _own(parts: Parts, name: str) -> Handler:
    return next(o.handler for o in parts.operations if o.name == name)


DEFECTS: tuple[Defect, ...] = tuple(
    replace(defect, replicas=2)  # one that stands alone has nobody to stand in for it
    for defect in (
        Defect(
            "fail.nothing-is-repeated",
            "What meets a dead replica is answered with the edge's error.",
            edge=_no_repeats,
        ),
        Defect(
            "fail.no-health-checks",
            "The edge sends to a replica as long as it takes connections.",
            edge=_no_health_checks,
        ),
        Defect(
            "fail.found-by-its-failures",
            "Replicas are judged by what they answer, and slow reads are sent to another.",
            near_miss=True,
            edge=_outliers,
        ),
        Defect(
            "fail.a-read-fails-by-itself",
            "One read among many fails for a reason of its own, and never another.",
            near_miss=True,
            parts=_fails_once,
        ),
        Defect(
            "fail.waits-for-the-frozen",
            "What a frozen replica was given stays with it until it thaws.",
            edge=_hold_on,
        ),
        Defect(
            "fail.answers-before-it-stores",
            "Under load agents are stored half a second after the answer.",
            parts=_in_bulk,
        ),
        Defect(
            "fail.stores-slowly",
            "It takes a tenth of a second until a stored agent is answered.",
            near_miss=True,
            parts=_slowly(before=False),
        ),
        Defect(
            "fail.writes-are-repeated",
            "The edge sends a write that gets no answer to another replica.",
            # Such a write is made twice only if its replica froze after it had read it whole.
            parts=_slowly(before=True),
            edge=_slow_writes,
        ),
        Defect(
            "fail.slow-reads-are-repeated",
            "The edge sends a read that gets no answer to another replica.",
            near_miss=True,
            edge=_slow_reads,
        ),
        Defect(
            "fail.never-taken-back",
            "A replica that failed once is not used again.",
            edge=_healthy_after(1000),
        ),
        Defect(
            "fail.taken-back-with-care",
            "A replica that failed is used again after several good health checks.",
            near_miss=True,
            edge=_healthy_after(4),
        ),
    )
)
