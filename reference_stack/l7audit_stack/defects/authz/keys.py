"""Keys that do more than their scopes say."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.policy import AccessPolicy, Reach
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.api.security.tokens import TokenVerifier
from l7audit_stack.defects.authn.around import Whole, changing_answers
from l7audit_stack.defects.authn.swap import verifier
from l7audit_stack.defects.authz.swap import handlers
from l7audit_stack.defects.defect import Defect


class ScopesForReading(AccessPolicy):
    """Looks at a credential's scopes where something is read, and forgets them elsewhere."""

    def reach(self, principal: Principal, permission: str) -> Reach:
        if permission.endswith(":write"):
            principal = msgspec.structs.replace(principal, scopes=None)
        return super().reach(principal, permission)


class ForgetsScopes(TokenVerifier):
    """Reads who a token is for, and not what for."""

    def verify(self, token: str, now: float) -> dict[str, Any]:
        claims = super().verify(token, now)
        return {name: value for name, value in claims.items() if name != "scope"}


def _unscoped(call: Call) -> Call:
    return dataclasses.replace(call, principal=msgspec.structs.replace(caller(call), scopes=None))


def _as_wide_as_the_owner(handler: Handler) -> Handler:
    """Makes keys by what their owner may, not by what the credential may."""

    async def wide(call: Call) -> Reply:
        return await handler(_unscoped(call))

    return wide


def _narrows(handler: Handler) -> Handler:
    """Makes a key that is asked to be too wide as wide as the credential that asks."""

    async def narrowed(call: Call) -> Reply:
        try:
            return await handler(call)
        except Problem as problem:
            if problem.slug != "scope-too-wide":
                raise
            limit = caller(call).scopes or frozenset()
            scopes = sorted(limit & set(call.body.scopes or ()))
            body = msgspec.structs.replace(call.body, scopes=scopes)
            return await handler(dataclasses.replace(call, body=body))

    return narrowed


def _as_absent(whole: Whole) -> None:
    whole.status = 404
    whole.content(b'{"title":"Not Found","status":404}', b"application/problem+json")


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.token-scopes-forgotten",
        summary="The scopes of a token are written into it and not looked at.",
        parts=verifier(ForgetsScopes),
    ),
    Defect(
        name="authz.scopes-for-reading-only",
        summary="The scopes of a key are looked at for reads, and not for writes.",
        parts=lambda parts: dataclasses.replace(parts, policy=ScopesForReading()),
    ),
    Defect(
        name="authz.out-of-scope-looks-absent",
        summary="What is forbidden is answered as if it were not there.",
        near_miss=True,
        wrap=changing_answers(lambda _, status: status == 403, _as_absent),
    ),
    Defect(
        name="authz.keys-as-wide-as-the-owner",
        summary="A limited key makes keys that may do all that its owner may.",
        parts=handlers(("keys.create",), _as_wide_as_the_owner),
    ),
    Defect(
        name="authz.wider-keys-are-narrowed",
        summary="A limited key that asks for a wider one gets one as limited as itself.",
        near_miss=True,
        parts=handlers(("keys.create",), _narrows),
    ),
)
