"""Rules: what moves or takes amounts, what may be done once, and what gives codes away."""

from __future__ import annotations

from l7audit.target import entrance_rules, meaning, quantities, resource_rules
from l7audit.target.schemas import walk
from l7audit.target.seen import CHANGES, Seen
from l7audit.target.words import says

_DEPTH = 4
_NO_TRADE = ("policy", "setting", "preference", "search", "query", "find", "filter", "lookup")
_ONCE = (
    "redeem", "redemption", "claim", "activate", "activation", "accept", "acceptance", "gift",
    "bonus", "reward", "cash in", "consume", "checkin", "check in",
)  # fmt: skip
_CLAIMED = (
    "invite", "invitation", "voucher", "coupon", "gift", "share", "sharing", "reset", "forgot",
    "recovery", "referral", "ticket", "promotion", "code", "link", "pass",
)  # fmt: skip


def amount_taking(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method not in CHANGES or says(seen.named, *_NO_TRADE):
        return False
    schemas = list(operation.bodies.values())
    if operation.method == "POST" and any(quantities.orders(s, _DEPTH) for s in schemas):
        return True
    return any(quantities.is_amount(n, part) for s in schemas for n, part in walk(s, _DEPTH))


def once_only(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method not in CHANGES or operation.public or seen.item:
        return False
    # What makes things of a collection is told by its items: claims may be many.
    if resource_rules.resource_create(seen) or resource_rules.about_keys(seen):
        return False
    return says(seen.named, *_ONCE) or meaning.said_once(seen.told)


def code_giving(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method not in CHANGES or not says(seen.named, *_CLAIMED):
        return False
    if resource_rules.about_keys(seen) or entrance_rules.login(seen) or entrance_rules.token(seen):
        return False
    shown = [m for schema in operation.success.values() for m in walk(schema, 3)]
    if any(meaning.is_claim(name, part) for name, part in shown):
        return True
    made = operation.method == "POST" and not seen.item and says(seen.last, *meaning.GRANT)
    return made and any(meaning.may_open(name, part) for name, part in shown)
