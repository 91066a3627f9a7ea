"""The caller's own account: what he can make of himself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target import meaning
from l7audit.target.compose import Path
from l7audit.target.persons import facts_of
from l7audit.target.schemas import Schema, properties
from l7audit.target.target_model import Surface
from l7audit.target.words import all_words, says, words
from l7audit_suites.authz.families import families
from l7audit_suites.authz.made_users import as_users, made_user
from l7audit_suites.authz.people import admin_roles, by_role, in_use
from l7audit_suites.mass.guesses import guesses, owner_values
from l7audit_suites.mass.members import ABSENT, Meaning, Wish, at, closed, meaning_of, others, same
from l7audit_suites.mass.registering import in_registering, told_of_power
from l7audit_suites.mass.trials import EXPECTED, TAKEN


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's account: how he reads and changes it, and how it looked before. `inside` is the
    member of answers that holds it, where they wrap what a change takes bare."""

    check: Check
    read: Surface
    change: Surface
    auth: Auth = field(repr=False)
    name: str
    shown: dict[str, Any] = field(repr=False)
    inside: str = ""

    def again(self) -> Answer:
        """The account in a fresh request."""
        return self.check.send(self.read.request(self.auth), identity=self.name)

    def of(self, answer: Answer) -> Any:
        """The account in an answer."""
        body = answer.json_or_none()
        return body.get(self.inside) if self.inside and isinstance(body, dict) else body

    def sent(self, wishes: Sequence[Wish]) -> Answer:
        """The answer to a change that wishes for something."""
        body: dict[str, Any] = {}
        if self.change.operation.method == "PUT":
            made_up = self.change.body()
            body = {n: self.shown.get(n, v) for n, v in made_up.items()}
        for wish in wishes:
            body = wish.into(body)
        return self.check.send(self.change.request(self.auth, json=body), identity=self.name)


@pytest.mark.control("MASS-05")
def test_nobody_makes_more_of_himself(check: Check) -> None:
    pairs = _own(check)
    if not pairs and not check.model.surfaces(Kind.REGISTRATION, limit=1):
        check.not_applicable(
            "The target's document has no account that its owner changes or makes."
        )
    looked = in_registering(check)
    for read, change in pairs:
        account = _account(check, read, change)
        if account is None:
            continue
        check.witness("the owner sees his account", account.again)
        # What identifies him comes never: an account that is called otherwise is lost to its owner.
        order = [Meaning.POWER, Meaning.STANDING, Meaning.OWNER, Meaning.MADE]
        safe = [w for w in _wishes(account) if not _identifies(w.last)]
        wishes = sorted(safe, key=lambda wish: order.index(wish.meaning))
        looked += len(wishes)
        _try(account, wishes)
    if not looked:
        check.inconclusive(
            "Nobody could read his own account, or it shows nothing but what is his."
        )


def _own(check: Check) -> list[tuple[Surface, Surface]]:
    """Reads about the caller himself, each with what changes the same."""
    found = []
    for operation in check.model.operations:
        named = all_words([operation.name, operation.template])
        if operation.method != "GET" or operation.public or operation.path_parameters:
            continue
        change = next(
            (
                o
                for o in check.model.operations
                if o.template == operation.template
                and o.method in {"PATCH", "PUT"}
                and properties(o.json_schema)
            ),
            None,
        )
        if change is not None and says(named, *meaning.OWN):
            found.append((check.model.surface(operation), check.model.surface(change)))
    return found


def _account(check: Check, read: Surface, change: Surface) -> Account | None:
    """The account of a user made for this where the target makes users, so that nobody else is
    changed; else that of an ordinary identity."""
    for name, auth in _somebody(check):
        answer = check.send(read.request(auth), identity=name)
        shown = answer.json_or_none()
        if answer.ok and isinstance(shown, dict):
            inside = _wrapped_in(shown, properties(change.operation.json_schema))
            shown = shown[inside] if inside else shown
            return Account(check, read, change, auth, name, shown, inside)
    return None


def _wrapped_in(shown: Mapping[str, Any], takes: Mapping[str, Schema]) -> str:
    """The member that holds all that is told of an account, such as `data`; empty where what a
    change takes stands beside others, or is wrapped alike."""
    if shown.keys() & takes.keys():
        return ""
    inner = [n for n, v in shown.items() if isinstance(v, dict) and v.keys() & takes.keys()]
    return inner[0] if len(inner) == 1 else ""


def _somebody(check: Check) -> Iterator[tuple[str, Auth]]:
    for users in filter(None, map(as_users, families(check.model))):
        user = made_user(check, users, users.weak)
        token = user.token(check) if user is not None else ""
        if token:
            yield "", check.sessions.carried(token)
    ordinary, _ = by_role(check.identities, admin_roles(check))
    for identity in [*ordinary, *in_use(check.identities)][:3]:
        yield identity.name, check.sessions.auth(identity)


def _wishes(account: Account) -> Iterator[Wish]:
    check, takes = account.check, account.change.operation.json_schema
    gives = account.read.operation.answer_schema
    gives = properties(gives).get(account.inside, {}) if account.inside else gives
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    stranger = facts_of(check.sessions, [*ordinary, *powerful][0])
    powers = [one.role for one in powerful]
    fresh = uuid.UUID(int=check.random.getrandbits(128), version=4)
    for path, value, schema in closed(account.shown, takes, gives):
        last = str(path[-1])
        kind = meaning_of(last)
        if kind is Meaning.OWNER and isinstance(value, str):
            values: Sequence[Any] = owner_values(last, value, stranger)
        else:
            roles = [r for r in powers if r] if kind is Meaning.POWER and "role" in last else []
            values = [*roles[:1], *others(value, schema, [], fresh)]
        yield from (Wish(path, v) for v in values)
    yield from _of_power(account, powerful)
    for kind in (Meaning.POWER, Meaning.STANDING, Meaning.OWNER):
        yield from guesses(takes, list(account.shown), kind, stranger, powers)


def _of_power(account: Account, powerful: Sequence[Identity]) -> Iterator[Wish]:
    """What the document lets its caller say of himself, and what nobody but those of power is:
    that it is documented makes it no less of a gift."""
    takes = properties(account.change.operation.json_schema)
    said = [n for n in account.shown if n in takes and meaning_of(n) is Meaning.POWER]
    theirs = dict(told_of_power(account.check, powerful[:1])) if said else {}
    for name in said:
        value = theirs.get(words(name), ABSENT)
        if value is not ABSENT and not same(value, account.shown[name]):
            yield Wish((name,), value)


def _identifies(name: str) -> bool:
    told = words(name)
    return told[-1:] in {("id",), ("uuid",), ("ref",)} or says(told, *meaning.USER)


def _try(account: Account, wishes: Sequence[Wish]) -> None:
    """One wish for each member all at once, and one by one what is refused so: what is refused for
    one member says nothing of another."""
    first: dict[Path, Wish] = {}
    for wish in wishes:
        first.setdefault(wish.path, wish)
    together = list(first.values())
    taken = len(together) > 1 and _tried(account, together)
    for wish in wishes:
        if not taken or wish not in together:
            _tried(account, [wish])


def _tried(account: Account, wishes: Sequence[Wish]) -> bool:
    """Whether a change with all of these was taken; what came of each is judged, unless they were
    refused together."""
    sent = account.sent(wishes)
    again = account.again() if sent.ok else None
    if again is None and len(wishes) > 1:
        return False
    for wish in wishes:
        granted = again is not None and wish.granted(account.of(again), account.shown)
        account.check.expect(
            not granted,
            account.change.place(f"member {wish.name}"),
            TAKEN.format(what="the change of one's own account"),
            sent,
            *([again] if again is not None else []),
            expected=EXPECTED,
            seen="the value that was sent, when the account is read again",
        )
        if granted:
            _put_back(account, wish)
    return sent.ok


def _put_back(account: Account, wish: Wish) -> None:
    """The account as it was, by the same way."""
    before = at(account.shown, wish.path)
    if before is not ABSENT:
        account.sent([Wish(wish.path, before)])
