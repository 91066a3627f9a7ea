"""Doing what can be done to one thing: act after act, by its owner or by somebody of power."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.persons import facts_of
from l7audit.target.target_model import Surface
from l7audit.target.words import all_words, says
from l7audit_suites.authz.families import Family
from l7audit_suites.authz.people import admin_roles, in_use, powerful
from l7audit_suites.authz.things import Thing
from l7audit_suites.flow.orders import Desk, Pair
from l7audit_suites.flow.preconditions import ends, state_in

_MOST = 6
_MOST_BODIES = 3
_LEFT = {
    Kind.UPLOAD, Kind.COSTLY, Kind.CHAT, Kind.STREAMING, Kind.URL_TAKING, Kind.SEARCH,
    Kind.KEY_ROTATE, Kind.KEY_REVOKE, Kind.CODE_GIVING,
}  # fmt: skip
_NOT_TRIED = ("delete", "purge", "password", "reset", "token", "key", "webhook", "export", "import")


def acts_of(family: Family) -> list[Surface]:
    """What can be done to a thing of a family, as the document lists it; what ends it is last."""
    found = [
        s
        for s in family.below
        if s.operation.method in {"POST", "PUT"}
        and not _LEFT & s.kinds
        and not says(all_words([s.operation.name, s.operation.template]), *_NOT_TRIED)
    ]
    return sorted(found, key=lambda s: ends(s.operation))[:_MOST]


@dataclass(slots=True)
class Life:
    """One thing, and what is done to it. `known` are the states it can be in."""

    check: Check
    thing: Thing
    known: Sequence[str]

    @property
    def owner(self) -> Identity:
        return self.thing.owner

    def look(self) -> tuple[str, Any]:
        """The state it is in (empty where it shows none), and all that it shows."""
        answer = self.thing.view(self.check)
        shown = answer.json_or_none() if answer.ok else None
        return state_in(shown, self.known), shown

    def do(self, act: Surface, *, anybody: bool = False) -> Answer:
        """The answer to its owner, or, with `anybody`, to who has the power if he has not."""
        answer = self._by(act, self.owner)
        if anybody and answer.refused:
            for one in self._strong():
                answer = self._by(act, one)
        return answer

    def _by(self, act: Surface, who: Identity) -> Answer:
        surface = self.thing.at(act)
        desk = Desk(self.check, Pair(who, None))
        bodies = [*_signed(desk.bodies(surface), self._mail())][:_MOST_BODIES]
        for body in bodies:
            answer = desk.send(surface, body)
            if answer.ok or answer.status not in {400, 422}:
                break
        return answer

    def _strong(self) -> list[Identity]:
        powers = admin_roles(self.check)
        return [i for i in in_use(self.check.identities) if powerful(i, powers)][:1]

    def _mail(self) -> str:
        return next((f for f in facts_of(self.check.sessions, self.owner).person if "@" in f), "")


def _signed(bodies: Iterator[Any], mail: str) -> Iterator[Any]:
    """Bodies in which every address for mail is the owner's own: who is nobody can do nothing."""
    for body in bodies:
        yield _with_mail(body, mail) if mail else body


def _with_mail(value: Any, mail: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _with_mail(member, mail) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_mail(item, mail) for item in value]
    return (
        mail if isinstance(value, str) and value.count("@") == 1 and "://" not in value else value
    )
