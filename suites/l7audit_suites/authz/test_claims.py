"""Who calls, for which tenant and with what power: only the credential says it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authz.claims import Fields, claimed, halves
from l7audit_suites.authz.facts import facts_of
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.test_objects import relation, undecided
from l7audit_suites.authz.things import ask, made_things


@pytest.mark.control("AUTHZ-09")
def test_a_header_does_not_make_its_sender_somebody_else(check: Check) -> None:
    looked = 0
    for thing in made_things(check, lambda f: f.read is not None and not f.people):
        read = thing.family.read
        assert read is not None
        facts = facts_of(check, thing.owner, thing.made.json_or_none())
        for stranger in thing.cast.strangers:
            if not private_to_read(check, thing, stranger) or thing.shows(
                thing.view(check, stranger)
            ):
                continue
            asked = partial(_asked, check, thing.at(read), stranger)
            for fields in claimed(facts):
                answer = asked(fields)
                if undecided(check, answer):
                    continue
                looked += 1
                if thing.shows(answer):
                    fields, answer = _narrowed(fields, answer, asked, thing.shows)
                check.expect(
                    not thing.shows(answer),
                    read.place(f"header {', '.join(fields)}"),
                    f"A request that claims in {', '.join(fields)} to be the owner's, or of his "
                    f"tenant, reads what is his ({relation(thing, stranger)}).",
                    answer,
                    expected="the same refusal as without the claim",
                    seen=f"{answer.status}, with the text that its owner wrote",
                )
    if not looked:
        check.inconclusive("Nothing is refused to a stranger that a claim could open.")


def _asked(check: Check, surface: Surface, stranger: Identity, fields: Fields) -> Answer:
    return ask(check, surface, stranger, headers=fields)


def _narrowed(
    fields: Fields, answer: Answer, asked: Callable[[Fields], Answer], shows: Callable[..., bool]
) -> tuple[Fields, Answer]:
    """The fewest fields that still open it, by halving, and the answer to them."""
    while len(fields) > 1:
        for half in halves(fields):
            seen = asked(half)
            if shows(seen):
                fields, answer = half, seen
                break
        else:
            break
    return fields, answer
