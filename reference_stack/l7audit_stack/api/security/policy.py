"""Who may do what: one table, deny by default, the same for every operation.

A role reaches over its OWN objects, its TENANT's, or the whole PLATFORM. What is not in the table
is refused; scopes of a credential only ever narrow it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.security.principals import Principal


class Reach(IntEnum):
    """How far a grant goes."""

    NONE = 0
    OWN = 1
    TENANT = 2
    PLATFORM = 3


ROLES = ("viewer", "member", "admin", "operator")

_N, _O, _T, _P = Reach.NONE, Reach.OWN, Reach.TENANT, Reach.PLATFORM

#                              viewer member admin operator
_TABLE: Mapping[str, tuple[Reach, Reach, Reach, Reach]] = {
    "me:read":                (_O, _O, _O, _O),
    "account:read":           (_O, _O, _O, _O),
    "account:write":          (_O, _O, _O, _O),
    "session:end":            (_O, _O, _T, _O),
    "agents:read":            (_T, _T, _T, _N),
    "agents:write":           (_N, _O, _T, _N),
    "documents:read":         (_T, _T, _T, _N),
    "documents:write":        (_N, _O, _T, _N),
    "search:use":             (_T, _T, _T, _N),
    "files:read":             (_T, _T, _T, _N),
    "files:write":            (_N, _O, _T, _N),
    "chat:use":               (_N, _O, _O, _N),
    "webhooks:read":          (_N, _O, _T, _N),
    "webhooks:write":         (_N, _O, _T, _N),
    "credits:read":           (_O, _O, _O, _N),
    "credits:spend":          (_N, _O, _O, _N),
    "credits:grant":          (_N, _N, _N, _P),
    "vouchers:read":          (_N, _O, _T, _N),
    "vouchers:write":         (_N, _O, _T, _N),
    "vouchers:redeem":        (_O, _O, _O, _N),
    "keys:read":              (_O, _O, _T, _O),
    "keys:write":             (_N, _O, _T, _O),
    "keys:rotate":            (_O, _O, _T, _O),
    "keys:rotate-due":        (_N, _N, _T, _N),
    "signing-keys:read":      (_N, _N, _N, _P),
    "signing-keys:write":     (_N, _N, _N, _P),
    "data-keys:read":         (_N, _N, _N, _P),
    "data-keys:write":        (_N, _N, _N, _P),
    "users:read":             (_N, _N, _T, _N),
    "users:write":            (_N, _N, _T, _N),
    "audit:read":             (_N, _N, _T, _P),
    "audit:verify":           (_N, _N, _N, _P),
    "policies:read":          (_N, _N, _N, _P),
    "policies:write":         (_N, _N, _N, _P),
    "metrics:read":           (_N, _N, _N, _P),
    "health:detail":          (_N, _N, _T, _P),
}  # fmt: skip

GRANTS: Mapping[str, Mapping[str, Reach]] = {
    permission: dict(zip(ROLES, reaches, strict=True)) for permission, reaches in _TABLE.items()
}


@dataclass(frozen=True)
class AccessPolicy:
    """Decides from the table. `owner` and `tenant` are those of the object in question."""

    grants: Mapping[str, Mapping[str, Reach]] = field(default_factory=lambda: GRANTS)

    def reach(self, principal: Principal, permission: str) -> Reach:
        """How far this caller's grant goes, scopes considered."""
        if principal.scopes is not None and permission not in principal.scopes:
            return Reach.NONE
        return self.grants.get(permission, {}).get(principal.role, Reach.NONE)

    def may(
        self,
        principal: Principal,
        permission: str,
        *,
        owner: str | None = None,
        tenant: str | None = None,
    ) -> bool:
        """Without `owner` and `tenant`: may this caller use the operation at all?"""
        reach = self.reach(principal, permission)
        if reach is Reach.NONE:
            return False
        if (owner is None and tenant is None) or reach is Reach.PLATFORM:
            return True
        if tenant is not None and not self.same_tenant(principal, tenant):
            return False
        if reach is Reach.TENANT:
            return tenant is not None
        return owner is not None and self.owns(principal, owner)

    def same_tenant(self, principal: Principal, tenant: str) -> bool:
        return principal.tenant == tenant

    def owns(self, principal: Principal, owner: str) -> bool:
        return principal.id == owner

    def require(
        self, principal: Principal, permission: str, *, owner: str, tenant: str, what: str
    ) -> None:
        """Let the caller pass, or raise: 403 for an object that they may see, 404 for any other.

        A refusal must not tell that there is something to refuse.
        """
        if self.may(principal, permission, owner=owner, tenant=tenant):
            return
        reading = f"{permission.partition(':')[0]}:read"
        if not self.may(principal, reading, owner=owner, tenant=tenant):
            raise not_found(what, denied=True)
        raise forbidden(permission)

    def tenant_filter(self, principal: Principal, permission: str) -> str | None:
        """The tenant a listing is restricted to; None only for a reach over the platform."""
        reach = self.reach(principal, permission)
        return None if reach is Reach.PLATFORM else principal.tenant

    def owner_filter(self, principal: Principal, permission: str) -> str | None:
        """The owner a listing is restricted to; None where the whole tenant may be seen."""
        reach = self.reach(principal, permission)
        return None if reach >= Reach.TENANT else principal.id


def forbidden(permission: str) -> Problem:
    return Problem(403, "forbidden", f"This needs the permission {permission}.")
