"""Identities with a credential in their hands."""

from __future__ import annotations

from dataclasses import dataclass

from l7audit.harness.check import Check
from l7audit.probe.request import Auth
from l7audit_suites.authn.ground import holders

_ENTERING = ("api_key", "bearer", "client", "password")
_MOST = 3


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody the target knows, and his credential."""

    name: str
    auth: Auth


def visitors(check: Check) -> list[Visitor]:
    """A few identities of different roles. Ends the check where there is none."""
    found = holders(check, _ENTERING)
    if not found:
        check.inconclusive("The profile gives no identity with a credential.")
    check.random.shuffle(found)
    by_role = {identity.role: identity for identity in found}
    entered = [
        Visitor(identity.name, auths[0])
        for identity in by_role.values()
        if (auths := check.sessions.ways(identity))
    ]
    if not entered:
        check.inconclusive("No identity of the profile gets in with its credentials.")
    return entered[:_MOST]
