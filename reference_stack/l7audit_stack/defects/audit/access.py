"""Planted defects of the audit trail: who reads the trail, and who may change it."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from l7audit_stack.api.operation import Call, Handler, Operation, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.policy import AccessPolicy
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.defects.authn.around import Scope, Whole, changing_answers
from l7audit_stack.defects.authn.swap import Swap
from l7audit_stack.defects.authz.swap import deciding, handlers
from l7audit_stack.defects.defect import Defect


class AcrossTenants(AccessPolicy):
    """Forgets that a tenant's admin is one of many."""

    def tenant_filter(self, principal: Principal, permission: str) -> str | None:
        return None


async def _delete(call: Call) -> Reply:
    await call.parts.database.execute(
        "DELETE FROM audit_events WHERE seq::text = $1", call.path["number"]
    )
    return Reply(status=204)


async def _nothing(_: Call) -> Reply:
    return Reply(status=204)


async def _post(call: Call) -> Reply:
    told: Reported = call.body
    tenant = call.principal.tenant if call.principal else None
    event = call.parts.audit.event("", actor="", tenant=tenant)
    await call.parts.audit.record(msgspec.structs.replace(event, **msgspec.structs.asdict(told)))
    return Reply(status=204)


class Reported(msgspec.Struct, frozen=True):
    """An event as an agent on another machine reports it."""

    actor: str
    action: str
    object: str
    outcome: str
    request_id: str


def _with_operation(method: str, path: str, handler: Handler, **more: Any) -> Swap:
    def swap(parts: Parts) -> Parts:
        made = Operation(
            name=f"audit.{method.lower()}",
            method=method,
            path=path,
            handler=handler,
            summary="Keep the log tidy.",
            tag="audit",
            permission="audit:read",
            **more,
        )
        return dataclasses.replace(parts, operations=(*parts.operations, made))

    return swap


def _is_refusal(scope: Scope, status: int) -> bool:
    return status == 403 and scope["method"] == "GET" and str(scope["path"]).endswith("/audit")


def _hide(whole: Whole) -> None:
    whole.status = 404
    problem = {**msgspec.json.decode(whole.body), "status": 404, "title": "Not Found"}
    whole.content(msgspec.json.encode(problem), b"application/problem+json")


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="audit.log-across-tenants",
        summary="A tenant's admin reads the audit log of all tenants.",
        parts=handlers({"audit.list"}, deciding(AcrossTenants)),
    ),
    Defect(
        name="audit.log-hidden-from-others",
        summary="Who may not read the audit log is told that there is none.",
        near_miss=True,
        wrap=changing_answers(_is_refusal, _hide),
    ),
    Defect(
        name="audit.records-can-be-deleted",
        summary="Who may read the audit log may delete from it.",
        parts=_with_operation("DELETE", "/v1/audit/{number}", _delete, status=204),
    ),
    Defect(
        name="audit.records-can-be-posted",
        summary="Who may read the audit log may add to it.",
        parts=_with_operation("POST", "/v1/audit", _post, status=204, body=Reported),
    ),
    Defect(
        name="audit.says-yes-and-does-nothing",
        summary="The deletion of a record answers success and deletes nothing.",
        near_miss=True,
        parts=_with_operation("DELETE", "/v1/audit/{number}", _nothing, status=204),
    ),
)
