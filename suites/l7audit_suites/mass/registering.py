"""Registrations that ask for more than an ordinary account has.

What the answer repeats proves nothing: the new account is read, its token's claims are, and where
neither tells of rights, what is there for those of power alone is asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.persons import Facts
from l7audit.target.schemas import Schema, properties
from l7audit.target.target_model import Surface
from l7audit.target.tokens import claims
from l7audit.target.words import Words, words
from l7audit_suites.authn.newcomers import Newcomer, about_oneself, registered, seen_by
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.power import functions_of_power
from l7audit_suites.authz.things import opened
from l7audit_suites.mass.guesses import guesses
from l7audit_suites.mass.members import ABSENT, Meaning, Wish, meaning_of, others, same
from l7audit_suites.mass.trials import EXPECTED, TAKEN

_WANTED = (Meaning.POWER, Meaning.STANDING)
_MOST_SINGLE = 3
_MOST_GATES = 2
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class _Member:
    """A new user with a session, and what is told of him to himself."""

    auth: Auth
    shown: tuple[dict[str, Any], ...]
    answers: tuple[Answer, ...]

    def holds(self, name: str) -> Any:
        """What he is told of a member of that name; `ABSENT` where nothing."""
        return next((v for n, v in _flat(self.shown) if words(n) == words(name)), ABSENT)


def in_registering(check: Check) -> int:
    """How many members were asked for; 0 where nobody may register."""
    for surface in check.model.surfaces(Kind.REGISTRATION, limit=1):
        newcomer, answer = registered(check, surface)
        plain = None if newcomer is None else _entered(check, newcomer)
        if plain is None:
            check.observe("Nobody could register and log in.", answer)
            return 0
        if plain.answers:
            check.witness("a newcomer sees his account", plain.answers[0], once=True)
        wishes = _wishes(check, surface, plain)
        if not _asked(check, surface, plain, wishes):
            for wish in wishes[:_MOST_SINGLE]:
                _asked(check, surface, plain, [wish])
        return len(wishes)
    return 0


def _entered(check: Check, newcomer: Newcomer) -> _Member | None:
    auth = newcomer.logged_in(check)
    if auth is None:
        return None
    answers = [a for s in about_oneself(check) if (a := seen_by(check, s, auth)) and a.ok]
    bodies = [body for a in answers if isinstance(body := a.json_or_none(), dict)]
    return _Member(auth, (*bodies, claims(auth.secret)), tuple(answers))


def _wishes(check: Check, surface: Surface, plain: _Member) -> list[Wish]:
    """One for each member: what somebody of power is told of himself, else another value."""
    takes = surface.operation.body_schema
    _, powerful = by_role(check.identities, admin_roles(check))
    theirs = dict(told_of_power(check, powerful[:1]))
    fresh = uuid.UUID(int=check.random.getrandbits(128), version=4)
    roles = [one.role for one in powerful]
    found: dict[str, Wish] = {}
    for name, value in _flat(plain.shown):
        kind, wanted = meaning_of(name), theirs.get(words(name), value)
        if kind not in _WANTED or name in found or _said(takes, name, theirs):
            continue
        values = [] if same(wanted, value) else [wanted]
        if kind is Meaning.POWER and isinstance(value, str):
            values += roles[:1] or ["admin"]
        for other in [*values, *others(value, {}, [], fresh)][:1]:
            found[name] = Wish((name,), other)
    names = [n for n, _ in _flat(plain.shown)]
    for kind in _WANTED:
        for wish in guesses(takes, names, kind, Facts((), ()), roles):
            found.setdefault(wish.name, wish)
    return sorted(found.values(), key=lambda w: (not w.learned, _WANTED.index(w.meaning)))


def _said(takes: Schema, name: str, theirs: Mapping[Words, Any]) -> bool:
    """Whether the document lets its caller say this, so that it may be his to say: a role among
    those that nobody of power is told to have."""
    declared = words(name) in map(words, properties(takes))
    return declared and not (meaning_of(name) is Meaning.POWER and words(name) in theirs)


def told_of_power(check: Check, powerful: Sequence[Identity]) -> Iterator[tuple[Words, Any]]:
    """What somebody of power is told of himself."""
    for person in powerful:
        for surface in about_oneself(check):
            answer = seen_by(check, surface, person)
            if answer is not None and answer.ok:
                yield from ((words(n), v) for n, v in _flat((answer.json_or_none(),)))


def _asked(check: Check, surface: Surface, plain: _Member, wishes: Sequence[Wish]) -> bool:
    """Whether such a registration was taken; what the new account got is judged."""
    if not wishes:
        return True
    more = {wish.name: wish.value for wish in wishes}
    newcomer, answer = registered(check, surface, more)
    if newcomer is None:
        return False
    got = _entered(check, newcomer)
    if got is None:
        check.observe("Who registered with more members could not log in.", answer)
        return False
    granted = [
        w
        for w in wishes
        if same(got.holds(w.name), w.value) and not same(plain.holds(w.name), w.value)
    ]
    for wish in wishes:
        check.expect(
            wish not in granted,
            surface.place(f"member {wish.name}"),
            TAKEN.format(what="a registration"),
            answer,
            *got.answers,
            expected=EXPECTED,
            seen="the value that was sent, when the new account is looked at",
        )
    powers = [w for w in wishes if w.meaning is Meaning.POWER]
    told = any(meaning_of(n) is Meaning.POWER for n, _ in _flat(got.shown))
    if powers and not told:
        _through_gates(check, surface, plain, got, powers)
    return True


def _through_gates(
    check: Check, surface: Surface, plain: _Member, got: _Member, wishes: Sequence[Wish]
) -> None:
    """Whether the new account opens what is there for those of power alone."""
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    gates = functions_of_power(check, ordinary, powerful) if powerful else []
    reads = [s for s in gates if s.operation.method == "GET" and not s.needs_values]
    for read in reads[:_MOST_GATES]:
        before, after = seen_by(check, read, plain.auth), seen_by(check, read, got.auth)
        if before is None or after is None or not opened(read, after) or not before.refused:
            continue
        check.violation(
            surface.place("members of power"),
            "Who asks for it at registration may do what is there for those of power.",
            before,
            after,
            expected="a refusal, as for anybody who registers",
            seen=f"{after.status} at {read.operation.place}, sent: {wishes[0].name} and others",
        )
        return


def _flat(bodies: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Members of objects, those of inner objects after their own; no lists of things."""
    level = list(bodies)
    for _ in range(_DEPTH):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                yield from ((str(n), v) for n, v in node.items() if not isinstance(v, dict))
                below += [v for v in node.values() if isinstance(v, dict)]
        level = below
