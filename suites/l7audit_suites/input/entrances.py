"""Logins that are tried with texts and values that are no password: whoever is let in by one was
let in by a query, and not by what he knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from l7audit.harness.check import Check
from l7audit.model import Credential, Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.operation import FORM, is_json
from l7audit_suites.input.ground import word
from l7audit_suites.input.pairs import Pair, condition

LOGINS = (
    "{v}' OR {c} -- q",
    "{v}'OR({c})--@example.org",
    "{v}')OR({c})--@example.org",
    '{v}"OR({c})--@example.org',
)
"""Conditions in an account's name; all but the first look like an address to whoever asks for an
`@` and a dot and no blanks."""

_MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way to log in that lets `identity` in with its password; `number` is its place among the
    ways that there are."""

    check: Check
    identity: Identity
    credential: Credential
    number: int
    sample: Request
    answer: Answer

    @property
    def place(self) -> Place:
        """The operation that takes the login, without what only this run knows."""
        path = urlsplit(self.sample.path).path
        for kind in (Kind.LOGIN, Kind.TOKEN):
            for surface in self.check.model.surfaces(kind, limit=4):
                if surface.request().path.partition("?")[0] == path:
                    return surface.place()
        return Place(operation=f"{self.sample.method} {path}")

    def request(self, account: str, password: str) -> Request:
        """A login by these."""
        tried = Credential(kind=self.credential.kind, name=account, secret=password)
        ways = list(self.check.sessions.tries(self.identity, tried))
        return ways[min(self.number, len(ways) - 1)]

    def send(self, request: Request) -> Answer:
        return self.check.send(request, patience=True)

    def opened(self, answer: Answer) -> bool:
        """Whether somebody was let in; what he got is never written down."""
        auth = self.check.sessions.opened(answer)
        if auth is not None:
            self.check.probe.redactor.learn(auth.secret)
        return auth is not None


def entrance(check: Check) -> Entrance | None:
    """The first way in by name and password that works; None without any."""
    for identity in check.identities:
        credential = identity.credential("password")
        if credential is None or {"limited", "expired", "revoked"} & set(identity.tags):
            continue
        for number, request in enumerate(check.sessions.tries(identity, credential)):
            if number >= _MOST_TRIES:
                break
            answer = check.send(request, identity=identity.name)
            found = Entrance(check, identity, credential, number, request, answer)
            if found.opened(answer):
                return found
        return None
    return None


def conditions(door: Entrance) -> Iterator[Pair]:
    """Pairs for the account's name, by how they leave the text that they stand in."""
    for form in LOGINS:
        yield condition(door.check.random, form, word())


def with_operator(request: Request, swapped: Mapping[str, Mapping[str, str]]) -> Request | None:
    """The login with an operator (an object of one member) in the place of each of these texts;
    None where its body is of no form that holds objects."""
    kind = request.header("Content-Type") or ""
    if is_json(kind):
        body = _swapped(json.loads(request.content), swapped)
        return replace(request, content=json.dumps(body).encode())
    if kind.startswith(FORM):
        pairs = [
            (f"{name}[{operator}]" if operator else name, plain)
            for name, value in parse_qsl(request.content.decode(), keep_blank_values=True)
            for operator, plain in swapped.get(value, {"": value}).items()
        ]
        return replace(request, content=urlencode(pairs).encode())
    return None


def _swapped(value: Any, swapped: Mapping[str, Mapping[str, str]]) -> Any:
    """A body of our own making with operators in the place of texts, however deep they stand."""
    if isinstance(value, dict):
        return {name: _swapped(inner, swapped) for name, inner in value.items()}
    return swapped.get(value, value) if isinstance(value, str) else value
