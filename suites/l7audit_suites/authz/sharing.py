"""What the owner of a thing shares with those beside him.

Across tenants nothing is shared. Within one, or where there are none, the profile's hint tells:
`sharing: {read: owner, change: owner}`, each `owner`, `tenant` or `everybody`. Without it the
target itself does: who finds a thing in his own listing may read it; what lies below a thing is
as private as that; and who may read may change, unless he is refused to by another operation.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.things import Thing, ask

_RULES = ("owner", "tenant", "everybody")

_Kept = tuple[str, tuple[tuple[str, str], ...], bool, str, str]
_SEEN: WeakKeyDictionary[TargetModel, dict[_Kept, bool]] = WeakKeyDictionary()
"""Whether a collection hid what one made (or found) there from another, as far as was seen in this
process: what is made in the same place later on is as private."""


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
    if thing.above is not None and private_to_read(check, thing.above, stranger):
        return True
    known = _SEEN.setdefault(check.model, {})
    place = (
        thing.family.collection,
        tuple(sorted(thing.upper.items())),
        thing.found,
        thing.owner.name,
        stranger.name,
    )
    if place not in known:
        own, others = thing.listed(check, thing.owner), thing.listed(check, stranger)
        if own is None or others is None or not thing.named_in(own):
            return False  # without a listing that shows it to its owner there is nothing to compare
        if not others.ok and not others.refused:
            return False
        known[place] = others.refused or not thing.named_in(others)
    return known[place]


def private_to_change(
    check: Check, thing: Thing, stranger: Identity, beside: Surface | None = None
) -> bool:
    """Whether the stranger may not change the thing. Where nobody can tell he may.

    Where he may read it, what the target does with his other changes tells: all but `beside`.
    """
    rule = told(check, "change")
    if rule == "everybody":
        return False
    if thing.cast.is_foreign(stranger) or rule == "owner":
        return True
    if rule:
        return False
    return private_to_read(check, thing, stranger) or (
        beside is not None and not thing.found and _refused_beside(check, thing, stranger, beside)
    )


def _refused_beside(check: Check, thing: Thing, stranger: Identity, beside: Surface) -> bool:
    """Whether the stranger sees the thing and is refused to change or delete it in another way."""
    family = thing.family
    if family.read is None or not thing.shows(thing.view(check, stranger)):
        return False
    for surface in (family.change, family.delete):
        if surface is None or surface.operation == beside.operation:
            continue
        given = (marked(surface, new_marker()) or {}) if surface.operation.bodies else {}
        answer = ask(check, thing.at(surface), stranger, **given)
        # He was shown it a moment ago: that it is not there is then a refusal, too.
        if answer.refused or answer.status == 404:
            return thing.shows(thing.view(check))
    return False
