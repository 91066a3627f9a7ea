"""Metrics of this replica in Prometheus' text format, for who runs the platform."""

from __future__ import annotations

from l7audit_stack.api.operation import Call, Operation, Reply
from l7audit_stack.observability.metrics import MEDIA_TYPE


async def show(call: Call) -> Reply:
    return Reply(call.parts.metrics.render(), media_type=MEDIA_TYPE)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="metrics.show",
        method="GET",
        path="/metrics",
        handler=show,
        summary="Show this replica's metrics.",
        tag="health",
        permission="metrics:read",
        answer=str,
        answer_media_type=MEDIA_TYPE,
    ),
)
