"""People who register for a check: throw-away accounts, to try what would spoil anybody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Credential, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target import meaning
from l7audit.target.schemas import properties, required, type_of
from l7audit.target.target_model import Surface
from l7audit.target.words import all_words, says, words
from l7audit_suites.authn.doors import word, wrong_secret
from l7audit_suites.authn.held_off import login_answer
from l7audit_suites.authz.making import varied

_MOST_WAYS = 5
_MOST_NAMES = 2
_MAIL = ("email", "e mail", "mail")
_CALLED = ("user", "username", "login", "account", "handle", "nick", "nickname", "identifier")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who has just registered: `names` are those that he may log in by, the likeliest
    first; `made` is the answer to his registration."""

    names: tuple[str, ...]
    password: str = field(repr=False)
    made: Answer = field(repr=False)

    def with_password(self, password: str) -> Newcomer:
        """The same, with another password."""
        return replace(self, password=password)

    def entered(self, check: Check) -> Auth | None:
        """A new session by his password; None where that opens nothing."""
        for name in self.names[:_MOST_NAMES]:
            for request in islice(self._tries(check, name), _MOST_WAYS):
                auth = check.sessions.opened(login_answer(check, request))
                if auth is not None:
                    check.probe.redactor.learn(auth.secret)
                    return auth
        return None

    def logged_in(self, check: Check) -> Auth | None:
        """A session of his: by his password, else the one that his registration gave him; None
        without any, as where an address must be confirmed first."""
        if (auth := self.entered(check)) is not None:
            return auth
        auth = check.sessions.opened(self.made)
        if auth is not None:
            check.probe.redactor.learn(auth.secret)
        return auth

    def _tries(self, check: Check, name: str) -> Iterator[Any]:
        nobody = Identity(name="", tags=["throw-away"])
        credential = Credential(kind="password", name=name, secret=self.password)
        return check.sessions.tries(nobody, credential)


def registered(
    check: Check,
    surface: Surface,
    more: Mapping[str, Any] | None = None,
    *,
    password: str = "",
    account: str = "",
) -> tuple[Newcomer | None, Answer]:
    """A registration like no other, with `more` members in its body, and what was answered; nobody
    where it was refused. That the account stays behind is told. `account` is a name of one that is
    there already."""
    operation = surface.operation
    account = account or f"l7audit-{word(check.random, 10)}"
    if not password:
        password = wrong_secret(check.random)
        check.probe.redactor.learn(password)
    fields: dict[str, Any] = {}
    by_mail, by_name = [], []
    takes = properties(operation.body_schema)
    needed = set(required(operation.body_schema))
    for name, part in takes.items():
        told = words(name)
        if meaning.is_password(name, part):
            fields[name] = password
        elif part.get("format") == "email" or says(told, *_MAIL):
            fields[name] = f"{account}@example.com"
            by_mail.append(fields[name])
        elif says(told, *_CALLED) and type_of(part) in {"", "string"} and "enum" not in part:
            longest = part.get("maxLength")
            fields[name] = account[: longest if isinstance(longest, int) else 40]
            by_name.append(fields[name])
        elif name in needed and type_of(part) == "string":
            fields[name] = varied(part, check.random)
    answer = check.send(surface.request(fields={**fields, **(more or {})}))
    if not answer.ok:
        return None, answer
    check.observe(f"The account {account} was made, and stays behind.", answer)
    mails_first = says(words(_login_field(check)), *_MAIL)
    names = [*by_mail, *by_name] if mails_first else [*by_name, *by_mail]
    names += [str(v) for n, v in fields.items() if n == meaning.account_field(operation)]
    return Newcomer(tuple(dict.fromkeys(names)), password, answer), answer


def _login_field(check: Check) -> str:
    """The field by which the login asks for who comes; empty where none is known."""
    for surface in check.model.surfaces(Kind.LOGIN, limit=1):
        return meaning.account_field(surface.operation)
    return ""


def about_oneself(check: Check, most: int = 3) -> list[Surface]:
    """Plain reads about whoever asks."""
    found = [
        s
        for s in check.model.surfaces(Kind.PROTECTED_READ, limit=50)
        if not s.needs_values and says(_named(s), *meaning.OWN)
    ]
    return found[:most]


def _named(surface: Surface) -> tuple[str, ...]:
    return all_words([surface.operation.name, surface.operation.template])


def seen_by(check: Check, surface: Surface, who: Identity | Auth) -> Answer | None:
    """What somebody is told there; None where he can't log in."""
    if isinstance(who, Auth):
        return check.send(surface.request(auth=who))
    try:
        auth = check.sessions.auth(who, surface)
    except CredentialError:
        return None
    return check.send(surface.request(auth=auth), identity=who.name)
