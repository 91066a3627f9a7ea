"""The same function under another name: another method, another spelling of the path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.target_model import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.closed import Closed, closed_reads, closed_writes, let_in
from l7audit_suites.authz.existence import altered
from l7audit_suites.authz.people import admin_roles, by_role, in_use
from l7audit_suites.authz.power import functions_of_power
from l7audit_suites.authz.readers import things_with_readers
from l7audit_suites.authz.sharing import private_to_change
from l7audit_suites.authz.test_objects import blind, undecided
from l7audit_suites.authz.things import Thing, ask, made_things, opened, refuses
from l7audit_suites.authz.ways_around import PARTS, asking_for, spellings

_MOST_THINGS = 3
_MOST_GROUNDS = 2
_STRANGE = {400, 415, 422}


@pytest.mark.control("AUTHZ-12")
def test_a_method_in_a_header_query_or_body_goes_around_no_guard(check: Check) -> None:
    looked = 0
    for thing, one in _victims(check):
        before, delete = thing.seen, thing.family.delete
        assert delete is not None  # a family without is none
        for part, request in _overridden(check, thing, one):
            answer = check.send(request, identity=one.name)
            if undecided(check, answer):
                continue
            seen = thing.view(check) if answer.ok else before
            if blind(check, thing, seen):
                continue
            looked += 1
            check.expect(
                thing.shows(seen) and not altered(thing, before, seen),
                delete.place(part),
                f"Who may not delete a thing does so by asking for the method in a {part}.",
                answer,
                seen,
                expected="the method that was sent, or the guard of the one that was asked for",
                seen=f"{answer.status}, and its owner finds it changed or gone",
            )
        check.witness("it is all there in the end", thing.named_in(thing.view(check)), once=True)
    if not looked:
        check.inconclusive("Nothing was found that somebody may not delete.")


def _victims(check: Check) -> list[tuple[Thing, Identity]]:
    """Things with somebody who may not delete them: a reader where there is one."""
    ordinary, _ = by_role(check.identities, admin_roles(check))
    if len({one.role for one in ordinary}) > 1:
        found = [
            pair for pair, _ in zip(things_with_readers(check), range(_MOST_THINGS), strict=False)
        ]
        if found:
            return found
    made = made_things(check, lambda f: f.read is not None and not f.people, _MOST_THINGS)
    return [
        (thing, stranger)
        for thing in made
        for stranger in thing.cast.strangers
        if private_to_change(check, thing, stranger, thing.family.read)
    ]


def _overridden(check: Check, thing: Thing, one: Identity) -> Iterator[tuple[str, Request]]:
    """Requests to the thing's address that ask for a DELETE in other words."""
    assert thing.family.delete is not None
    surface = thing.at(thing.family.delete)
    plain = surface.request(auth=check.sessions.auth(one, surface))
    for part in PARTS:
        for carrier in ("GET", "POST") if part != "body" else ("POST",):
            yield f"{part} of a {carrier}", asking_for("DELETE", plain, carrier, (part,))


@pytest.mark.control("AUTHZ-12")
def test_a_method_asked_for_elsewhere_opens_nothing_that_is_refused(check: Check) -> None:
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    looked = 0
    for one in ordinary[:1]:
        theirs = functions_of_power(check, ordinary, powerful) if powerful else []
        reads = closed_reads(check, one, powerful[:1], theirs)
        for closed in (*islice(reads, _MOST_GROUNDS), *islice(closed_writes(check, one), 1)):
            check.witness("the caller is let in elsewhere", let_in(check, one), once=True)
            looked += _opened_by_another(check, closed)
    if not looked:
        check.not_applicable("Nothing was found that an ordinary caller is refused.")


def _carriers(check: Check, closed: Closed) -> list[str]:
    """Methods to send in place of the refused one: those that do nothing there by themselves."""
    operation = closed.surface.operation
    beside = {o.method for o in check.model.operations if o.template == operation.template}
    if closed.reads:
        return [m for m in ("POST", "PUT") if m not in beside][:1]
    return ["GET", *(["POST"] if "POST" not in beside else [])]


def _opened_by_another(check: Check, closed: Closed) -> bool:
    """Whether it could be looked at if a refused operation is done for who sends another method:
    in all parts at once, and in the header alone where the others are strange to the target."""
    looked, plain = False, closed.request(check)
    for carrier in _carriers(check, closed):
        asked = partial(_asked_for, check, closed, plain, carrier)
        for parts in (PARTS, PARTS[:1]):
            answer = asked(plain.method, parts)
            if undecided(check, answer):
                break
            looked = True
            if _done(check, closed, carrier, asked, parts, answer):
                return True
            if answer.status not in _STRANGE:
                break
    return looked


def _done(
    check: Check,
    closed: Closed,
    carrier: str,
    asked: Callable[[str, Collection[str]], Answer],
    parts: Collection[str],
    answer: Answer,
) -> bool:
    """Whether the method that was asked for was done, and not only the one that was sent."""
    done = (
        closed.past_the_guard(answer)
        and not closed.past_the_guard(asked(carrier, parts))
        and closed.still(check)
    )
    method = closed.surface.operation.method
    alone = [p for p in parts if done and closed.past_the_guard(asked(method, (p,)))]
    where = " or ".join(alone or parts)
    return not check.expect(
        not done,
        closed.surface.place(f"{where} of a {carrier}"),
        f"What a {closed.one.role} is refused is done for him when he sends a {carrier} and asks "
        f"for the method in its {where}.",
        answer,
        closed.plain,
        expected="the method that was sent, or the guard of the one that was asked for",
        seen=f"{answer.status}, {closed.seen}",
        confidence=closed.confidence,
    )


def _asked_for(
    check: Check,
    closed: Closed,
    plain: Request,
    carrier: str,
    method: str,
    parts: Collection[str],
) -> Answer:
    return closed.sent(check, asking_for(method, plain, carrier, parts))


@dataclass(frozen=True, slots=True)
class Shut:
    """A read that is open to somebody and shut to another, who is nobody where `name` is empty."""

    surface: Surface
    good: Answer
    name: str
    auth: Auth = field(repr=False)


@pytest.mark.control("AUTHZ-13")
def test_another_spelling_of_a_path_goes_around_no_guard(check: Check) -> None:
    looked = 0
    for shut in _shut(check):
        plain = shut.surface.request(auth=shut.auth)
        path, mark, query = plain.path.partition("?")
        for name, spelling in spellings(path):
            answer = check.send(plain.with_path(spelling + mark + query), identity=shut.name)
            if undecided(check, answer):
                continue
            looked += 1
            check.expect(
                judge(answer, shut.good) is Seen.REFUSED,
                shut.surface.place(f"path with {name}"),
                f"Another spelling of the path ({name}) is answered to who is refused the plain "
                "one.",
                answer,
                shut.good,
                expected="a refusal, as for the plain path",
                seen=f"{answer.status}, with what the rightful caller gets",
            )
        looked += _rewritten(check, shut, path)
    if not looked:
        check.inconclusive("No read was found that is shut to anybody.")


def _rewritten(check: Check, shut: Shut, path: str) -> int:
    """A public path, with the shut one in fields that some proxies use for the true one."""
    fields = dict.fromkeys(("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path"), path)
    for surface in check.model.surfaces(Kind.PUBLIC_READ, limit=1):
        answer = check.send(surface.request(auth=shut.auth, headers=fields), identity=shut.name)
        public = check.send(surface.request(auth=shut.auth), identity=shut.name)
        if undecided(check, answer) or judge(public, shut.good) is Seen.ACCEPTED:
            continue
        check.expect(
            judge(answer, shut.good) is Seen.REFUSED,
            shut.surface.place("path in a header"),
            "A path in a header takes the place of the one that was asked for.",
            answer,
            shut.good,
            expected="the public answer",
            seen=f"{answer.status}, with what the rightful caller gets",
        )
        return 1
    return 0


def _shut(check: Check) -> Iterator[Shut]:
    """Reads that are shut to an ordinary role, or where there are none to nobody in particular."""
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    reads = [s for s in check.surfaces(Kind.PROTECTED_READ, limit=24) if not s.needs_values]
    count = 0
    for surface in sorted(reads, key=lambda s: Kind.ADMIN not in s.kinds) if ordinary else []:
        one = next((o for o in ordinary if refuses(check, surface, o)), None)
        for person in powerful if one is not None else ():
            good = ask(check, surface, person)
            if not opened(surface, good):
                continue
            if one is not None:
                check.witness("who may is let in", partial(ask, check, surface, person))
                yield Shut(surface, good, one.name, check.sessions.auth(one, surface))
                count += 1
            break
        if count >= _MOST_GROUNDS:
            return
    for surface in reads if not count else []:
        for person in in_use(check.identities)[:_MOST_GROUNDS]:
            good = ask(check, surface, person)
            if good.ok and check.send(surface.request()).refused:
                check.witness("who may is let in", partial(ask, check, surface, person))
                yield Shut(surface, good, "", Auth.none())
                return
