"""What is known of somebody: the words that a request may claim him by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from l7audit.errors import CredentialError
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel
from l7audit.target.words import Words, all_words, says, words

PERSON = (
    "owner", "user", "principal", "author", "creator", "account", "member", "customer", "reader",
    "subject", "person", "profile", "employee", "client", "assignee", "created by", "username",
    "user name",
)  # fmt: skip
_CALLED = {"handle", "username", "login", "nick", "nickname", "email", "mail"}
"""Words of what somebody is called by others."""

_NAMES = {("username",), ("user", "name")}
_IDS = {("id",), ("ref",), ("uuid",), ("handle",)}
_NAMED = {"password", "basic", "client"}
_MOST = 4
_MOST_ASKED = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """Somebody's ids and names, and those of his tenant; the ids first. `members` are the names
    under which an answer gave them."""

    person: tuple[str, ...]
    tenant: tuple[str, ...]
    members: Mapping[str, str] = field(default_factory=dict)

    def under(self, name: str) -> tuple[str, ...]:
        """What may stand for him under a name, the likeliest first: his handle for a `handle`."""
        called = calls(name)
        alike = [
            text for member, text in self.members.items() if called and calls(member) == called
        ]
        return _once([*alike, *self.person])


def facts_in(value: Any, *, oneself: bool = False) -> Facts:
    """What a JSON answer tells of its owner: `oneself` where it is about him as a whole."""
    person: dict[str, str] = {}
    tenant: dict[str, str] = {}
    for name, text in _members(value):
        told = words(name)
        if says(told, *meaning.TENANT):
            tenant.setdefault(name, text)
        elif _names_person(told) or (oneself and (told in _NAMES or told[-1:] in _IDS)):
            person.setdefault(name, text)
    return Facts(_once(person.values()), _once(tenant.values()), {**person, **tenant})


def calls(name: str) -> str:
    """By what a member of that name calls somebody: `login` for `to_login`; empty where it does
    not."""
    told = words(name)
    if told[-2:] == ("user", "name"):
        return "username"
    return told[-1] if told and told[-1] in _CALLED else ""


def _names_person(told: Words) -> bool:
    named = told not in _NAMES and says(told, *PERSON)
    return named and (len(told) == 1 or told[-1:] in _IDS or told[-1] == "by")


def _members(value: Any) -> Iterator[tuple[str, str]]:
    for node in (value, *(value.values() if isinstance(value, dict) else ())):
        if isinstance(node, dict):
            for name, item in node.items():
                if isinstance(item, str | int) and not isinstance(item, bool):
                    yield str(name), str(item)


_TOLD: WeakKeyDictionary[TargetModel, dict[str, Facts]] = WeakKeyDictionary()
"""What the target told people of themselves in this process, which is asked once."""


def facts_of(sessions: Sessions, identity: Identity, *told: Any) -> Facts:
    """What the target says of somebody to himself, what the profile does, and what `told`
    (answers about his things) gives away."""
    known = _TOLD.setdefault(sessions.model, {})
    if identity.name not in known:
        answers = islice(_oneself(sessions, identity), _MOST_ASKED)
        told_of = (facts_in(answer.json_or_none(), oneself=True) for answer in answers)
        known[identity.name] = next((f for f in told_of if f.person), facts_in(None))
    found = [*(facts_in(value) for value in told), known[identity.name]]
    names = [identity.name, *(c.name for c in identity.credentials if c.kind in _NAMED)]
    return Facts(
        _once([*(text for f in found for text in f.person), *names]),
        _once([*(text for f in found for text in f.tenant), identity.tenant]),
        known[identity.name].members,
    )


def _oneself(sessions: Sessions, identity: Identity) -> Iterator[Answer]:
    """What the target answers somebody where it may speak of himself."""
    for surface in sessions.model.surfaces(Kind.PROTECTED_READ, limit=50):
        named = all_words([surface.operation.name, surface.operation.template])
        if surface.needs_values or not says(named, *meaning.OWN):
            continue
        try:
            request = surface.request(auth=sessions.auth(identity, surface))
        except CredentialError:
            continue
        answer = sessions.probe.send(request, identity.name)
        # A list or a sheet of what somebody has tells of his things, and not of him.
        if answer.ok and isinstance(answer.json_or_none(), dict):
            yield answer


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))[:_MOST]
