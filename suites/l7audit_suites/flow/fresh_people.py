"""People for whom nothing is used up: accounts that register for a check."""

from __future__ import annotations

from collections.abc import Iterator

from l7audit.harness.check import Check
from l7audit.model import Credential, Identity, Kind
from l7audit_suites.authn.newcomers import Newcomer, registered

MOST = 2


def fresh_people(check: Check, like: Identity) -> Iterator[Identity]:
    """At most `MOST` newcomers with a role like that of somebody, one at a time as they are asked
    for; none where nobody may register, or a newcomer is not let in at once."""
    for surface in check.model.surfaces(Kind.REGISTRATION, limit=1):
        for number in range(1, MOST + 1):
            newcomer, _ = registered(check, surface)
            if newcomer is None or newcomer.entered(check) is None:
                return
            yield _as_identity(newcomer, like, number)


def _as_identity(newcomer: Newcomer, like: Identity, number: int) -> Identity:
    credentials = [
        Credential(kind="password", name=name, secret=newcomer.password)
        for name in newcomer.names[:1]
    ]
    return Identity(
        name=f"newcomer {number}", role=like.role, tags=["throw-away"], credentials=credentials
    )
