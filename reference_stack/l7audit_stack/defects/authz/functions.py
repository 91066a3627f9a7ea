"""Functions that the wrong roles may use."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call, Handler, Operation, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.policy import AccessPolicy, Reach
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.defects.authn.around import Whole, changing_answers
from l7audit_stack.defects.authz.swap import Everybody, Swap, deciding, handlers, operations
from l7audit_stack.defects.defect import Defect


class ReadersWrite(AccessPolicy):
    """Takes the right to read for the right to write."""

    def may(
        self,
        principal: Principal,
        permission: str,
        *,
        owner: str | None = None,
        tenant: str | None = None,
    ) -> bool:
        return super().may(
            principal, permission.replace(":write", ":read"), owner=owner, tenant=tenant
        )


def guarded_by(names: tuple[str, ...], permission: str) -> Swap:
    """Asks another permission of who uses these operations."""

    def change(operation: Operation) -> Operation:
        if operation.name not in names:
            return operation
        return dataclasses.replace(operation, permission=permission)

    return operations(change)


def _readers_delete(parts: Parts) -> Parts:
    guarded = guarded_by(("documents.delete",), "documents:read")(parts)
    return handlers(("documents.delete",), deciding(ReadersWrite))(guarded)


def _beside(known: str, policy: type[AccessPolicy], /, **changes: Any) -> Swap:
    """Another route to what an operation does, with changes of its own and a laxer policy."""

    def added(parts: Parts) -> Parts:
        first = next(o for o in parts.operations if o.name == known)
        other = dataclasses.replace(first, handler=deciding(policy)(first.handler), **changes)
        return dataclasses.replace(parts, operations=(*parts.operations, other))

    return added


def _proposes(handler: Handler) -> Handler:
    """Takes a change from everybody who may read, and keeps it for the owner to look at."""

    async def proposed(call: Call) -> Reply:
        try:
            return await handler(call)
        except Problem as problem:
            if problem.status != 403:
                raise
            return Reply(status=202)

    return proposed


def _readers_propose(parts: Parts) -> Parts:
    names = ("agents.change", "agents.delete")
    return handlers(names, _proposes)(guarded_by(names, "agents:read")(parts))


class EverybodyAdministers(AccessPolicy):
    """Looks where somebody belongs, and takes everybody there for an administrator."""

    def reach(self, principal: Principal, permission: str) -> Reach:
        return self.grants.get(permission, {}).get("admin", Reach.NONE)


def _everybody_changes_users(parts: Parts) -> Parts:
    asked = guarded_by(("users.change",), "me:read")(parts)
    return handlers(("users.change",), deciding(EverybodyAdministers))(asked)


def _of_oneself(handler: Handler) -> Handler:
    """Changes one's own entry as an administrator would that of somebody else."""

    async def decided(call: Call) -> Reply:
        principal = caller(call)
        if call.path["user_id"] == principal.id:
            admin = msgspec.structs.replace(principal, id=str(UUID(int=0)), role="admin")
            call = dataclasses.replace(call, principal=admin)
        return await handler(call)

    return decided


def _users_promote_themselves(parts: Parts) -> Parts:
    asked = guarded_by(("users.change",), "me:read")(parts)
    return handlers(("users.change",), _of_oneself)(asked)


def _refused_kindly(whole: Whole) -> None:
    whole.status = 200
    whole.content(json.dumps({"error": "forbidden"}).encode())


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.everybody-reads-the-audit-log",
        summary="The audit log asks for an account, and not for its role.",
        parts=guarded_by(("audit.list",), "me:read"),
    ),
    Defect(
        name="authz.everybody-makes-users",
        summary="Listing users is guarded, and making them is not.",
        parts=guarded_by(("users.create",), "me:read"),
    ),
    Defect(
        name="authz.everybody-changes-users",
        summary="Making users is guarded, and changing them is not.",
        parts=_everybody_changes_users,
    ),
    Defect(
        name="authz.users-promote-themselves",
        summary="Everybody may change the entry that is his own, his role included.",
        parts=_users_promote_themselves,
    ),
    Defect(
        name="authz.untold-admin-listing",
        summary="A listing for an old console, in no document, asks for an account alone.",
        parts=_beside(
            "users.list",
            Everybody,
            name="admin.users",
            path="/v1/admin/users",
            permission="me:read",
        ),
    ),
    Defect(
        name="authz.untold-view-of-all",
        summary="A view of a document for an old page, in no document, asks nobody whose it is.",
        parts=_beside(
            "documents.show",
            Everybody,
            name="documents.details",
            path="/v1/documents/{document_id}/details",
        ),
    ),
    Defect(
        name="authz.power-refused-with-200",
        summary="Who lacks the role gets a 200 that holds an error.",
        near_miss=True,
        wrap=changing_answers(
            lambda scope, status: status == 403 and scope["method"] == "GET", _refused_kindly
        ),
    ),
    Defect(
        name="authz.readers-delete",
        summary="Who may read a document may delete it.",
        parts=_readers_delete,
    ),
    Defect(
        name="authz.legacy-put",
        summary="A PUT that nobody documents changes agents for who may read them.",
        parts=_beside(
            "agents.change",
            ReadersWrite,
            name="agents.replace",
            method="PUT",
            permission="agents:read",
        ),
    ),
    Defect(
        name="authz.readers-propose",
        summary="A change by who may only read is answered with 202 and waits for the owner.",
        near_miss=True,
        parts=_readers_propose,
    ),
)
