"""Who calls, for which tenant and with what power: only the credential says it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.authn.ground import readable
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.claims import Fields, claimed, halves, houses
from l7audit_suites.authz.facts import facts_of
from l7audit_suites.authz.people import admin_roles, by_role, casts
from l7audit_suites.authz.power import account_roles
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.test_objects import relation, undecided
from l7audit_suites.authz.things import ask, made_things

_MOST_READS = 4
_MOST_NAMES = 3


@pytest.mark.control("AUTHZ-09")
def test_a_header_does_not_make_its_sender_somebody_else(check: Check) -> None:
    looked, powers, own = 0, _powers(check), _own(check)
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
            for fields in claimed(facts, powers, own):
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


@pytest.mark.control("AUTHZ-09")
def test_a_header_alone_lets_nobody_in(check: Check) -> None:
    owner = casts(check)[0].owner
    for surface in readable(check)[:_MOST_READS]:
        good = ask(check, surface, owner)
        if good.ok and judge(check.send(surface.request()), good) is Seen.REFUSED:
            break
    else:
        check.inconclusive("No plain read answers a member and refuses a stranger.")
    check.witness("the read is answered to who may", good, once=True)
    powers = _powers(check)
    for fields in claimed(facts_of(check, owner), powers, _own(check), most=_MOST_NAMES):
        answer = _bare(check, surface, fields)
        seen = judge(answer, good)
        if seen is Seen.UNCLEAR:
            check.observe("A stranger got no decision.", answer)
            continue
        if seen is Seen.ACCEPTED:
            fields, answer = _narrowed(
                fields, answer, partial(_bare, check, surface), partial(_accepted, good)
            )
        check.expect(
            seen is Seen.REFUSED,
            surface.place(f"header {', '.join(fields)}"),
            f"A request without a credential that claims in {', '.join(fields)} to be somebody is "
            "answered as he is.",
            answer,
            good,
            expected="401, as without the claim",
            seen=f"{answer.status}, with what a member gets",
            cause=f"header {', '.join(fields)}",
        )


def _powers(check: Check) -> list[str]:
    """What power is called: as most call it, and as the target calls it to who has it."""
    _, powerful = by_role(check.identities, admin_roles(check))
    told = (role for one in powerful[:1] for role in account_roles(check, one))
    return list(dict.fromkeys(("admin", *told)))


def _own(check: Check) -> tuple[str, ...]:
    """How the header fields begin by which the target is told who calls, and other things."""
    keys = (c.name for i in check.identities for c in i.credentials if c.kind == "api_key")
    schemes = (s.field for s in check.model.schemes("api_key") if s.place == "header")
    parameters = (p.name for o in check.model.operations for p in o.parameters)
    return houses((*keys, *schemes, *parameters))


def _bare(check: Check, surface: Surface, fields: Fields) -> Answer:
    return check.send(surface.request(headers=fields))


def _accepted(good: Answer, answer: Answer) -> bool:
    return judge(answer, good) is Seen.ACCEPTED


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
