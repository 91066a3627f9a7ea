"""Who owns, and who is a stranger to it: identities of one role, apart in tenant or in person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.target.words import says, words

_OUT_OF_USE = {"limited", "expired", "revoked"}
POWER = (
    "admin", "administrator", "operator", "owner", "root", "superuser", "super", "sysadmin",
    "manager", "moderator", "staff", "support", "platform", "system",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cast:
    """An owner with those who have the same role: in another tenant, and beside him."""

    owner: Identity
    foreigner: Identity | None
    peer: Identity | None

    @property
    def strangers(self) -> list[Identity]:
        """Both, as far as they are there."""
        return [i for i in (self.foreigner, self.peer) if i is not None]

    def is_foreign(self, identity: Identity) -> bool:
        """Whether the identity is of another tenant, so that nothing of the owner's is its own."""
        return identity is self.foreigner


def powerful(identity: Identity, admin_roles: Iterable[str] = ()) -> bool:
    """Whether a role says that its holder may more than others."""
    return identity.role in set(admin_roles) or says(words(identity.role), *POWER)


def admin_roles(check: Check) -> list[str]:
    """The roles of power that the profile's hint `admin_roles` names."""
    hint = check.target.hints.get("admin_roles")
    return [str(role) for role in hint] if isinstance(hint, list) else []


def in_use(identities: Iterable[Identity]) -> list[Identity]:
    """Those with a credential, and with quotas that bear a check."""
    return [i for i in identities if i.credentials and not _OUT_OF_USE & set(i.tags)]


def casts_of(identities: Iterable[Identity], powers: Iterable[str] = ()) -> list[Cast]:
    """For each role the owner with the most strangers; ordinary roles before those of power."""
    people = in_use(identities)
    found: dict[str, Cast] = {}
    for owner in people:
        alike = [i for i in people if i.role == owner.role and i is not owner]
        tenants = [i for i in alike if i.tenant and owner.tenant and i.tenant != owner.tenant]
        beside = [i for i in alike if i.tenant == owner.tenant]
        cast = Cast(owner, next(iter(tenants), None), next(iter(beside), None))
        best = found.get(owner.role)
        if cast.strangers and (best is None or len(cast.strangers) > len(best.strangers)):
            found[owner.role] = cast
    powers = list(powers)
    return sorted(found.values(), key=lambda c: powerful(c.owner, powers))


def casts(check: Check) -> list[Cast]:
    """As `casts_of` for the profile's identities. Ends the check where nobody has a stranger."""
    found = casts_of(check.identities, admin_roles(check))
    if not found:
        check.inconclusive(
            "The profile gives no two identities of one role: nobody is a stranger to another."
        )
    return found


def by_role(
    identities: Iterable[Identity], powers: Iterable[str] = ()
) -> tuple[list[Identity], list[Identity]]:
    """One identity of each tenant and role: those of ordinary roles, and those of power."""
    named = list(powers)
    one = {(i.tenant, i.role): i for i in reversed(in_use(identities))}
    people = sorted(one.values(), key=lambda i: i.name)
    return (
        [i for i in people if not powerful(i, named)],
        [i for i in people if powerful(i, named)],
    )
