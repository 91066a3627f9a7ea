"""What the owner of a thing shares with those beside him.

Across tenants nothing is shared. Within one, or where there are none, the profile's hint tells:
`sharing: {read: owner, change: owner}`, each `owner`, `tenant` or `everybody`. Without it the
target itself does: who finds a thing in his own listing may read it, and who may read may change.
"""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit_suites.authz.things import Thing

_RULES = ("owner", "tenant", "everybody")


def told(check: Check, right: str) -> str:
    """What the hint says of a right (`read`, `change`); empty where it says nothing."""
    hint = check.target.hints.get("sharing")
    value = hint.get(right) if isinstance(hint, dict) else None
    return value if value in _RULES else ""


def private_to_read(check: Check, thing: Thing, stranger: Identity) -> bool:
    """Whether the stranger may not read the thing. Where nobody can tell he may."""
    rule = told(check, "read")
    if rule == "everybody":
        return False
    if thing.cast.is_foreign(stranger) or rule == "owner":
        return True
    if rule:
        return False
    own, others = thing.listed(check, thing.owner), thing.listed(check, stranger)
    if own is None or others is None or not thing.named_in(own):
        return False  # without a listing that shows it to its owner there is nothing to compare
    return others.refused or (others.ok and not thing.named_in(others))


def private_to_change(check: Check, thing: Thing, stranger: Identity) -> bool:
    """Whether the stranger may not change the thing. Where nobody can tell he may."""
    rule = told(check, "change")
    if rule == "everybody":
        return False
    if thing.cast.is_foreign(stranger) or rule == "owner":
        return True
    return not rule and private_to_read(check, thing, stranger)
