"""Things that are one person's by what they are, whatever a target shows of them to others.

Where everybody finds everybody's orders, nothing in the answers tells a shop that lost its guard
from a kitchen that works them off together. The words do, and who a thing says it belongs to; so
what rests on them alone is a weak finding.
"""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity
from l7audit.target.surface import Surface
from l7audit.target.words import says
from l7audit_suites.authz.contents import subject
from l7audit_suites.authz.facts import facts_in, facts_of
from l7audit_suites.authz.sharing import private_to_change, private_to_read, told
from l7audit_suites.authz.things import Thing

PERSONAL = (
    "order", "booking", "reservation", "appointment", "purchase", "cart", "basket", "checkout",
    "payment", "invoice", "receipt", "bill", "transaction", "transfer", "refund", "withdrawal",
    "deposit", "payout", "subscription", "wallet", "card", "address", "prescription", "claim",
    "loan", "shipment", "delivery", "inbox", "notification", "medical record", "health record",
)  # fmt: skip


def kept_to_read(check: Check, thing: Thing, stranger: Identity) -> Confidence | None:
    """How sure it is that the stranger may not see the thing; None where he may."""
    if private_to_read(check, thing, stranger):
        return Confidence.CONFIRMED
    return Confidence.WEAK if personal(check, thing, stranger) else None


def kept_to_change(
    check: Check, thing: Thing, stranger: Identity, beside: Surface
) -> Confidence | None:
    """How sure it is that the stranger may not change the thing; None where he may."""
    untold = not told(check, "change") and not private_to_read(check, thing, stranger)
    # Before another change of his is tried, which might take the thing away.
    if untold and personal(check, thing, stranger):
        return Confidence.WEAK
    return Confidence.CONFIRMED if private_to_change(check, thing, stranger, beside) else None


def personal(check: Check, thing: Thing, stranger: Identity) -> bool:
    """Whether a thing is of a kind that is its owner's alone, and names him, and no one else, as
    that; never where the profile says who may read."""
    if told(check, "read") or not says(thing.family.called, *PERSONAL):
        return False
    node = subject(thing.seen.json_or_none(), thing.id, thing.family.key)
    named = set(facts_in(node).person)
    if not named:
        return False
    own = set(facts_of(check, thing.owner).person)
    return bool(named & (own - set(facts_of(check, stranger).person)))
