"""Objects that are found by their id alone, and refusals that only look like something else."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import Any
from uuid import UUID

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.security.policy import AccessPolicy, forbidden
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.data.database import Database
from l7audit_stack.defects.authz.swap import Everybody, deciding, handlers
from l7audit_stack.defects.defect import Defect

READS = ("agents.show", "documents.show", "webhooks.show", "keys.show", "users.show")
CHANGES = ("agents.change", "webhooks.change")
DELETES = ("agents.delete", "documents.delete", "webhooks.delete")


def _does_nothing(handler: Handler) -> Handler:
    """Answers 204 for what is not the caller's, as if it were done."""

    async def quiet(call: Call) -> Reply:
        try:
            return await handler(call)
        except Problem as problem:
            if problem.status not in (403, 404):
                raise
            return Reply(status=204)

    return quiet


class TellsOwners(AccessPolicy):
    """Says "forbidden" where there is something to forbid, whosever it is."""

    def require(
        self, principal: Principal, permission: str, *, owner: str, tenant: str, what: str
    ) -> None:
        if not self.may(principal, permission, owner=owner, tenant=tenant):
            raise forbidden(permission)


def _forbids_all(handler: Handler) -> Handler:
    """Says "forbidden" for another's thing and for none alike."""

    async def refused(call: Call) -> Reply:
        try:
            return await handler(call)
        except Problem as problem:
            if problem.slug != not_found().slug:
                raise
            raise Problem(403, "forbidden", "You may not do this.") from None

    return refused


class Colleagues(AccessPolicy):
    """Takes everybody in the tenant for the owner."""

    def owns(self, principal: Principal, owner: str) -> bool:
        return True


class _Numbers:
    """The database, which gives new rows numbers in a row instead of ids that nobody guesses."""

    count = itertools.count(int(time.time()) << 16)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        sql = sql.replace("(tenant_id", "(id, tenant_id", 1)
        sql = sql.replace("VALUES (", f"VALUES ('{UUID(int=next(self.count))}', ", 1)
        return await self._database.fetchrow(sql, *values)


def _in_order(handler: Handler) -> Handler:
    async def numbered(call: Call) -> Reply:
        database: Any = _Numbers(call.parts.database)
        parts = dataclasses.replace(call.parts, database=database)
        return await handler(dataclasses.replace(call, parts=parts))

    return numbered


def _lax(name: str) -> Any:
    return handlers((name,), deciding(Everybody))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.reads-by-id",
        summary="A single document is found by its id, whosever it is.",
        parts=_lax("documents.show"),
    ),
    Defect(
        name="authz.reads-a-colleague-s-secrets",
        summary="Webhooks and keys are shown to every member of the tenant who knows their id.",
        parts=handlers(("webhooks.show", "keys.show"), deciding(Colleagues)),
    ),
    Defect(
        name="authz.ids-in-a-row",
        summary="Agents have ids that can be guessed, and checks that hold.",
        near_miss=True,
        parts=handlers(("agents.create",), _in_order),
    ),
    Defect(
        name="authz.changes-by-id",
        summary="An agent is changed by who knows its id, whosever it is.",
        parts=_lax("agents.change"),
    ),
    Defect(
        name="authz.change-that-does-nothing",
        summary="Changing another's object is answered with 204 and changes nothing.",
        near_miss=True,
        parts=handlers(CHANGES, _does_nothing),
    ),
    Defect(
        name="authz.deletes-by-id",
        summary="A document is deleted by who knows its id, whosever it is.",
        parts=_lax("documents.delete"),
    ),
    Defect(
        name="authz.delete-that-does-nothing",
        summary="Deleting is answered with 204 whether or not there was something to delete.",
        near_miss=True,
        parts=handlers(DELETES, _does_nothing),
    ),
    Defect(
        name="authz.refusal-tells",
        summary="Another tenant's object is forbidden, and one that nobody has is not found.",
        parts=lambda parts: dataclasses.replace(parts, policy=TellsOwners()),
    ),
    Defect(
        name="authz.refusal-forbids-all",
        summary="Another's object and one that nobody has are forbidden alike.",
        near_miss=True,
        parts=handlers((*READS, *CHANGES, *DELETES), _forbids_all),
    ),
)
