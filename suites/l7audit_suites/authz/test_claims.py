"""Who calls, for which tenant and with what power: only the credential says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.persons import Facts, facts_of
from l7audit.target.target_model import Surface
from l7audit_suites.authn.ground import readable
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.claims import Fields, claimed, halves, houses, of_power
from l7audit_suites.authz.closed import Closed, closed_reads, closed_writes, let_in
from l7audit_suites.authz.people import admin_roles, by_role, casts
from l7audit_suites.authz.power import (
    account_roles,
    accounts_of,
    functions_of_power,
    roles_in,
    roles_told,
)
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.test_objects import relation, undecided
from l7audit_suites.authz.things import Thing, ask, made_things

_MOST_READS = 4
_MOST_WRITES = 2
_MOST_NAMES = 3
_MOST_ACCOUNTS = 2
_MOST_ROLES = 2


@pytest.mark.control("AUTHZ-09")
def test_a_header_does_not_make_its_sender_somebody_else(check: Check) -> None:
    looked, powers, own = 0, _powers(check), _own(check)
    for thing in made_things(check, lambda f: f.read is not None and not f.people):
        facts = facts_of(check.sessions, thing.owner, thing.made.json_or_none())
        for stranger in thing.cast.strangers:
            surface = _hides(check, thing, stranger)
            if surface is None:
                continue
            asked = partial(_asked, check, thing.at(surface), stranger)
            for fields in claimed(facts, powers, own):
                answer = asked(fields)
                if undecided(check, answer):
                    continue
                looked += 1
                if thing.shows(answer):
                    fields, answer = _narrowed(fields, answer, asked, thing.shows)
                check.expect(
                    not thing.shows(answer),
                    surface.place(f"header {', '.join(fields)}"),
                    f"A request that claims in {', '.join(fields)} to be the owner's, of his "
                    f"tenant or of power reads what is his ({relation(thing, stranger)}).",
                    answer,
                    expected="the same as without the claim",
                    seen=f"{answer.status}, with the text that its owner wrote",
                )
    if not looked:
        check.inconclusive("Nothing is refused to a stranger that a claim could open.")


def _hides(check: Check, thing: Thing, stranger: Identity) -> Surface | None:
    """What does not show a thing to a stranger: the read of it, else its listing, also where
    the read itself asks nobody whose it is."""
    if not private_to_read(check, thing, stranger):
        return None
    if not thing.shows(thing.view(check, stranger)):
        return thing.family.read
    listed = thing.listed(check, stranger) if thing.marker else None
    own = thing.listed(check, thing.owner) if listed is not None and listed.ok else None
    return thing.family.list if own is not None and thing.shows(own) else None


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
    for fields in claimed(facts_of(check.sessions, owner), powers, _own(check), most=_MOST_NAMES):
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


@pytest.mark.control("AUTHZ-09")
def test_a_header_gives_nobody_power(check: Check) -> None:
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    if not ordinary:
        check.not_applicable("The profile gives no identity without power that could claim any.")
    looked, one = 0, ordinary[0]
    for surface, plain, roles in islice(accounts_of(check, one), _MOST_ACCOUNTS):
        looked += _account_shows_no_claim(check, surface, one, plain, roles)
    theirs = functions_of_power(check, ordinary, powerful) if powerful else []
    shut = (
        *_shut_reads(check, one, powerful, theirs),
        *islice(closed_writes(check, one), _MOST_WRITES),
    )
    for closed in shut:
        looked += _closed_to_claims(check, closed)
    if not looked:
        check.not_applicable("No account shows a role, and no read is for those of power alone.")


def _account_shows_no_claim(
    check: Check,
    surface: Surface,
    one: Identity,
    plain: Answer,
    roles: Mapping[tuple[str, str], str],
) -> int:
    """Whether somebody's account takes its role from what he claims."""
    check.witness("the account shows a role", plain, once=True)
    for fields in _claims_of_power(check):
        answer = ask(check, surface, one, headers=fields)
        if undecided(check, answer):
            continue
        said = roles_in(answer.json_or_none()) if answer.ok else {}
        risen = any(said.get(at) not in {None, role} and said[at] in fields.values()
                    for at, role in roles.items())  # fmt: skip
        if risen and roles_in(ask(check, surface, one).json_or_none()) != roles:
            continue  # it is another role now, whatever is claimed
        if risen:
            shows = partial(_shows_role, said)
            fields, answer = _narrowed(fields, answer, partial(_asked, check, surface, one), shows)
        check.expect(
            not risen,
            surface.place(f"header {', '.join(fields)}"),
            f"A {one.role} has the role that he claims in {', '.join(fields)}.",
            answer,
            plain,
            expected="the role that the account has",
            seen="the role that was claimed",
            cause=f"header {', '.join(fields)}",
        )
        if risen:
            break
    return 1


def _shows_role(said: dict[tuple[str, str], str], answer: Answer) -> bool:
    return answer.ok and roles_in(answer.json_or_none()) == said


def _shut_reads(
    check: Check, one: Identity, powerful: list[Identity], theirs: list[Surface]
) -> list[Closed]:
    found = closed_reads(check, one, _of_each_role(powerful), theirs)
    return list(islice(found, _MOST_READS))


def _closed_to_claims(check: Check, closed: Closed) -> int:
    """Whether what an ordinary caller is refused opens to him when he claims power."""
    if closed.good is not None:
        check.witness("who has the power is let in", closed.good, once=True)
    else:
        check.witness("the caller is let in elsewhere", let_in(check, closed.one), once=True)
    looked = 0
    for fields in _claims_of_power(check):
        asked = partial(_closed_asked, check, closed)
        answer = asked(fields)
        if undecided(check, answer):
            continue
        looked = 1
        risen = closed.past_the_guard(answer) and _by_the_claim(check, closed, fields)
        if risen:
            fields, answer = _narrowed(fields, answer, asked, closed.past_the_guard)
        check.expect(
            not risen,
            closed.surface.place(f"header {', '.join(fields)}"),
            f"A {closed.one.role} who claims power in {', '.join(fields)} gets where only those "
            "go who have it.",
            answer,
            closed.plain,
            expected="the same refusal as without the claim",
            seen=f"{answer.status}, {closed.seen}",
            confidence=closed.confidence,
            cause=f"header {', '.join(fields)}",
        )
        if risen:
            break
    return looked


def _by_the_claim(check: Check, closed: Closed, fields: Fields) -> bool:
    """Whether it hangs on what is claimed: it is closed without, and to who claims nothing in the
    same fields."""
    nothing = _closed_asked(check, closed, dict.fromkeys(fields, "l7audit"))
    return closed.still(check) and not closed.past_the_guard(nothing)


def _closed_asked(check: Check, closed: Closed, fields: Fields) -> Answer:
    return closed.sent(check, closed.request(check).with_headers(fields))


def _claims_of_power(check: Check) -> list[Fields]:
    named = of_power(_header_parameters(check))
    return list(claimed(Facts((), ()), _powers(check), _own(check), _MOST_NAMES, named))


def _powers(check: Check) -> list[str]:
    """What power is called: as most call it, as the target calls it to those who have it, and as
    its document does."""
    _, powerful = by_role(check.identities, admin_roles(check))
    told = (role for one in _of_each_role(powerful) for role in account_roles(check, one))
    return list(dict.fromkeys(("admin", *told, *roles_told(check.model))))


def _of_each_role(powerful: list[Identity]) -> list[Identity]:
    return list({one.role: one for one in reversed(powerful)}.values())[::-1][:_MOST_ROLES]


def _own(check: Check) -> tuple[str, ...]:
    """How the header fields begin by which the target is told who calls, and other things."""
    keys = (c.name for i in check.identities for c in i.credentials if c.kind == "api_key")
    schemes = (s.field for s in check.model.schemes("api_key") if s.place == "header")
    return houses((*keys, *schemes, *_header_parameters(check)))


def _header_parameters(check: Check) -> list[str]:
    return [p.name for o in check.model.operations for p in o.parameters if p.place == "header"]


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
