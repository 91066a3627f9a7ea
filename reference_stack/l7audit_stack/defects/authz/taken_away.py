"""Rights that outlive their end."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.authentication import Authenticator, Grant
from l7audit_stack.data.identities import Identities, KeyRow, PrincipalRow
from l7audit_stack.defects.authn.swap import Swap, authenticator
from l7audit_stack.defects.defect import Defect


class RoleOfTheToken(Authenticator):
    """Takes the role from the token, as if it had been written into it when it was issued."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._issued: dict[str, str] = {}

    async def _load_token(self, grant: Grant, claims: Mapping[str, Any]) -> None:
        await super()._load_token(grant, claims)
        if grant.principal is not None:
            role = self._issued.setdefault(str(claims.get("jti")), grant.principal.role)
            grant.principal = msgspec.structs.replace(grant.principal, role=role)


class LooksOnceASecond(Authenticator):
    """Never hears of a change, but looks again each second."""

    async def confirm(self, grant: Grant, epoch: int | None) -> None:
        return None


def _open(row: PrincipalRow) -> PrincipalRow:
    return msgspec.structs.replace(row, disabled_at=None)


class KeysOfAnybody(Identities):
    """Looks at whether a key was revoked, and not at whether its owner was."""

    async def key_by_lookup(self, lookup: str) -> tuple[KeyRow, PrincipalRow] | None:
        found = await super().key_by_lookup(lookup)
        return None if found is None else (found[0], _open(found[1]))


class SessionsOfAnybody(Identities):
    """Looks at whether a token was revoked, and not at whether its owner was."""

    async def token_standing(self, principal_id: str, jti: str) -> tuple[PrincipalRow, bool] | None:
        found = await super().token_standing(principal_id, jti)
        return None if found is None else (_open(found[0]), found[1])


def _identities(kind: type[Identities]) -> Swap:
    return lambda parts: dataclasses.replace(parts, identities=kind(parts.database))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authz.role-kept-in-the-token",
        summary="A token keeps the role that its owner had when it was first seen.",
        parts=authenticator(RoleOfTheToken),
    ),
    Defect(
        name="authz.changes-within-a-second",
        summary="A lowered role or a shut account is noticed within a second.",
        near_miss=True,
        parts=authenticator(LooksOnceASecond),
    ),
    Defect(
        name="authz.keys-outlive-their-owner",
        summary="The keys of an account that was shut go on working.",
        parts=_identities(KeysOfAnybody),
    ),
    Defect(
        name="authz.sessions-outlive-their-owner",
        summary="The sessions of an account that was shut go on until they expire.",
        parts=_identities(SessionsOfAnybody),
    ),
)
