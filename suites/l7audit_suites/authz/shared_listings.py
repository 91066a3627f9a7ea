"""Listings of what is personal that show everybody the same: also where nothing can be made, nor
one thing be read, so that only what a thing says of its owner tells whose it is."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity
from l7audit.probe.answer import Answer
from l7audit.target.persons import facts_in, facts_of
from l7audit.target.surface import Surface
from l7audit.target.values import things
from l7audit.target.words import says, words
from l7audit_suites.authz.families import seen_families
from l7audit_suites.authz.people import POWER, casts
from l7audit_suites.authz.personal import PERSONAL, said_own
from l7audit_suites.authz.sharing import told
from l7audit_suites.authz.things import ask

_MOST = 4
_OWNER_WORDS = 2


def shown_to_everybody(check: Check) -> int:
    """Looks at each listing of that kind as two of one role; how many were looked at.

    Both finding the same things, of which some name the one alone and some the other, is no
    sharing: what each of them shared with the other would seldom be all that both have.
    """
    cast = next((c for c in casts(check) if c.strangers), None)
    if cast is None or told(check, "read"):
        return 0
    one, other, looked = cast.owner, cast.strangers[0], 0
    for surface in _personal_listings(check):
        answers = ask(check, surface, one), ask(check, surface, other)
        if not all(a.ok for a in answers):
            continue
        looked += 1
        check.expect(
            not _same_of_both(check, answers, one, other),
            surface.place("by another user"),
            "Two users find the same things, the one's and the other's.",
            *answers,
            expected="to each what is his own",
            seen="things that name the other alone as their owner",
            confidence=Confidence.STRONG if said_own(surface) else Confidence.WEAK,
        )
    return looked


def _personal_listings(check: Check) -> list[Surface]:
    known = {f.home for f in seen_families(check.model)}
    return [
        check.model.surface(o)
        for o in check.model.operations
        if o.method == "GET"
        and not o.public
        and "{" not in o.template
        and o.template.rstrip("/") not in known
        and not says(words(o.template), *POWER)
        and says(words(o.template.rstrip("/").rpartition("/")[2]), *PERSONAL)
    ][:_MOST]


def _same_of_both(
    check: Check, answers: tuple[Answer, Answer], one: Identity, other: Identity
) -> bool:
    first, second = (things(a.json_or_none()) for a in answers)
    if not first or first != second:
        return False
    people = [set(facts_of(check.sessions, who).person) for who in (one, other)]
    return of_each_alone(first, people[0] - people[1], people[1] - people[0])


def of_each_alone(listed: Sequence[Any], mine: Set[str], theirs: Set[str]) -> bool:
    """Whether some things name the one alone as their owner, and some the other."""
    owners = [_owners(thing) for thing in listed]
    return any(o & mine and not o & theirs for o in owners) and any(
        o & theirs and not o & mine for o in owners
    )


def _owners(thing: Any) -> set[str]:
    members = facts_in(thing).members
    return {text for name, text in members.items() if len(words(name)) <= _OWNER_WORDS}
