"""The audit log, for reading: a tenant's own part of it, newest first, and whether it is intact."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.owned import scope
from l7audit_stack.api.routes.shapes import Name

_COLUMNS = "seq, at, actor, action, object, outcome, client, request_id"


class AuditQuery(Input, frozen=True):
    """Which page of the log: at most `limit` events, older than the one numbered `before`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    before: Annotated[int, msgspec.Meta(ge=1, le=9_223_372_036_854_775_807)] | None = None
    action: Name | None = None


class AuditEvent(Output, frozen=True):
    """Who (`actor`) did what to which object, from where, and how it ended."""

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    outcome: str
    client: str
    request_id: str


class AuditPage(Output, frozen=True):
    """Events, newest first; give `next_before` as `before` to go on."""

    items: list[AuditEvent]
    next_before: int | None


class AuditVerification(Output, frozen=True):
    """Whether the chain of events is whole; if not, the number of the first that is wrong."""

    intact: bool
    rows: int
    broken_at: int | None
    reason: str


async def index(call: Call) -> Reply:
    """One page of the events that the caller may see."""
    query: AuditQuery = call.query
    values: list[Any] = [query.limit + 1]
    conditions = ["true", *scope(call, "audit:read", values, None)]
    for condition, value in (("seq <", query.before), ("action =", query.action)):
        if value is not None:
            values.append(value)
            conditions.append(f"{condition} ${len(values)}")
    rows = await call.parts.database.fetch(
        f"SELECT {_COLUMNS} FROM audit_events WHERE {' AND '.join(conditions)}"
        " ORDER BY seq DESC LIMIT $1",
        *values,
    )
    names = AuditEvent.__struct_fields__
    items = [AuditEvent(**{name: row[name] for name in names}) for row in rows[: query.limit]]
    more = len(rows) > query.limit
    return Reply(AuditPage(items=items, next_before=items[-1].seq if more else None))


async def verify(call: Call) -> Reply:
    """Recompute the whole chain."""
    found = await call.parts.audit.verify()
    return Reply(
        AuditVerification(
            intact=found.intact, rows=found.rows, broken_at=found.broken_at, reason=found.reason
        )
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="audit.list",
        method="GET",
        path="/v1/audit",
        handler=index,
        summary="List audit events, newest first.",
        tag="audit",
        permission="audit:read",
        query=AuditQuery,
        answer=AuditPage,
    ),
    Operation(
        name="audit.verify",
        method="GET",
        path="/v1/audit/verify",
        handler=verify,
        summary="Tell whether the audit log is intact.",
        tag="audit",
        permission="audit:verify",
        answer=AuditVerification,
        limit="search",
    ),
)
