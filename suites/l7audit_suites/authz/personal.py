"""Things that are one person's by what they are, whatever a target shows of them to others.

Where everybody finds everybody's orders, nothing in the answers tells a shop that lost its guard
from a kitchen that works them off together. The words do, and who a thing says it belongs to; so
what rests on them alone is a weak finding.
"""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity
from l7audit.target.persons import facts_in, facts_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.contents import subject
from l7audit_suites.authz.sharing import private_to_change, private_to_read, told
from l7audit_suites.authz.things import Thing

PERSONAL = (
    "order", "booking", "reservation", "appointment", "purchase", "cart", "basket", "checkout",
    "payment", "invoice", "receipt", "bill", "transaction", "transfer", "refund", "withdrawal",
    "deposit", "payout", "subscription", "wallet", "card", "address", "prescription", "claim",
    "loan", "shipment", "delivery", "inbox", "notification", "medical record", "health record",
)  # fmt: skip
_OWN = ("my", "mine", "own", "your")
_GROUPS = (
    "team", "organisation", "organization", "company", "workspace", "tenant", "group", "project",
    "account", "department", "household", "family", "club", "school", "store", "shop",
)  # fmt: skip
"""Whose things several people share."""


def kept_to_read(check: Check, thing: Thing, stranger: Identity) -> Confidence | None:
    """How sure it is that the stranger may not see the thing; None where he may."""
    if private_to_read(check, thing, stranger):
        return Confidence.CONFIRMED
    return personal(check, thing, stranger)


def kept_to_change(
    check: Check, thing: Thing, stranger: Identity, beside: Surface
) -> Confidence | None:
    """How sure it is that the stranger may not change the thing; None where he may."""
    untold = not told(check, "change") and not private_to_read(check, thing, stranger)
    # Before another change of his is tried, which might take the thing away.
    if untold and (sure := personal(check, thing, stranger)):
        return sure
    return Confidence.CONFIRMED if private_to_change(check, thing, stranger, beside) else None


def personal(check: Check, thing: Thing, stranger: Identity) -> Confidence | None:
    """How sure it is that a thing is its owner's alone: of a kind that is, or read and listed as
    `my` things, and naming him, and no one else, as that. None where it need not be; never where
    the profile says who may read."""
    own = any(said_own(s) for s in (thing.family.read, thing.family.list) if s is not None)
    kind = (*thing.family.called, *words(thing.family.key))
    if told(check, "read") or not (own or says(kind, *PERSONAL)):
        return None
    node = subject(thing.seen.json_or_none(), thing.id, thing.family.key)
    named = set(facts_in(node).person)
    mine = set(facts_of(check.sessions, thing.owner).person)
    if not named & (mine - set(facts_of(check.sessions, stranger).person)):
        return None
    return Confidence.STRONG if own else Confidence.WEAK


def said_own(surface: Surface) -> bool:
    """Whether the document calls what is answered the caller's own."""
    operation = surface.operation
    told = (*words(operation.template), *words(operation.told))
    shared = (f"{own} {group}" for own in _OWN for group in _GROUPS)
    return says(told, *_OWN) and not says(told, *shared)
