"""Listings and searches that look further than they should."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from uuid import UUID

from l7audit_stack.api.operation import Call, Handler, Operation, Reply
from l7audit_stack.api.paging import PageQuery
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.policy import AccessPolicy
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.defects.authn.around import Whole, body_of, changing_answers, replayed
from l7audit_stack.defects.authz.swap import Everybody, deciding, handlers, operations
from l7audit_stack.defects.defect import ASGIApp, Defect


@dataclasses.dataclass(frozen=True)
class OwnerWins(AccessPolicy):
    """Forgets the tenant once an owner is asked for."""

    asked: str = ""

    def tenant_filter(self, principal: Principal, permission: str) -> str | None:
        return None

    def owner_filter(self, principal: Principal, permission: str) -> str | None:
        return self.asked


class OwnedPage(PageQuery, frozen=True):
    """A page of one owner's objects."""

    owner_id: UUID | None = None


def _lists_an_owner(handler: Handler) -> Handler:
    """Lists what an owner has, asking for no more than his id."""

    async def owned(call: Call) -> Reply:
        wanted = call.query.owner_id
        if wanted:
            policy = OwnerWins(call.parts.policy.grants, asked=str(wanted))
            call = dataclasses.replace(call, parts=dataclasses.replace(call.parts, policy=policy))
        return await handler(call)

    return owned


def _takes_an_owner(parts: Parts) -> Parts:
    """Lets the listing of webhooks be asked for an owner's."""

    def change(operation: Operation) -> Operation:
        named = operation.name == "webhooks.list"
        return dataclasses.replace(operation, query=OwnedPage) if named else operation

    return operations(change)(parts)


def _echoes(app: ASGIApp, parts: Parts) -> ASGIApp:
    """A search that repeats in its answer what was searched for."""
    path = next(o.path for o in parts.operations if o.name == "search.run")

    async def around(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != path:
            await app(scope, receive, send)
            return
        body = await body_of(receive)

        def repeat(whole: Whole) -> None:
            found = json.loads(whole.body)
            whole.content(json.dumps({**found, "query": json.loads(body).get("query")}).encode())

        inner = changing_answers(lambda _, status: status == 200, repeat)(app, parts)
        await inner(scope, replayed(body, receive), send)

    return around


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.lists-all-tenants",
        summary="The listing of documents forgets the tenant.",
        parts=handlers(("documents.list",), deciding(Everybody)),
    ),
    Defect(
        name="authz.searches-all-tenants",
        summary="Search looks through the documents of all tenants.",
        parts=handlers(("search.run",), deciding(Everybody)),
    ),
    Defect(
        name="authz.search-repeats-the-query",
        summary="A search's answer repeats what was searched for.",
        near_miss=True,
        wrap=_echoes,
    ),
    Defect(
        name="authz.owner-filter-forgets-the-tenant",
        summary="Webhooks are listed for any owner who is named in the query.",
        parts=lambda parts: _takes_an_owner(handlers(("webhooks.list",), _lists_an_owner)(parts)),
    ),
    Defect(
        name="authz.owner-filter-ignored",
        summary="A query may name an owner, and the listing of webhooks takes no notice of it.",
        near_miss=True,
        parts=_takes_an_owner,
    ),
)
