"""Whoever changes a password for a check: somebody who registered for it, else an ordinary identity
of the profile, whose password is set again in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target import meaning
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authn.newcomers import Newcomer, registered
from l7audit_suites.authn.password_doors import Door, Known, doors

_POWER = ("admin", "administrator", "owner", "root", "operator", "staff", "manager")


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with a password. `enters` gives a new session (by HTTP basic the password itself)
    for a password that holds; `identity` is who it is in the profile, None for who registered for
    the check."""

    check: Check
    name: str
    password: str = field(repr=False)
    enters: Callable[[str], Auth | None]
    identity: Identity | None = None

    def changes(self, surface: Surface, auth: Auth, present: str, new: str) -> Answer:
        """The answer to a change of the password."""
        operation = surface.operation
        pair = meaning.password_pair(operation)
        assert pair is not None  # its kind says so
        fields = {pair[0]: present, pair[1]: new}
        fields.update(dict.fromkeys(meaning.repeated(operation), new))
        return self.check.send(
            surface.request(auth=auth, fields=fields),
            identity=self.identity.name if self.identity else "",
        )

    def back(self, surface: Surface, new: str) -> None:
        """Sets the password of the profile again; that it failed is told."""
        if self.identity is None:
            return
        auth = self.enters(new)
        if auth is not None:
            self.changes(surface, auth, new, self.password)
        self.check.sessions.forget(self.identity)
        if self.enters(self.password) is None:
            self.check.observe(
                f"The password of {self.identity.name} was changed and could not be changed back."
            )


def owner(check: Check) -> Owner:
    """Somebody who logs in by a password. Ends the check where nobody does."""
    for surface in check.model.surfaces(Kind.REGISTRATION, limit=1):
        newcomer, _ = registered(check, surface)
        if newcomer is not None and newcomer.logged_in(check) is not None:
            return _new(check, newcomer)
    door = doors(check)[0]
    identity, credential = ordinary(door)

    def enters(password: str) -> Auth | None:
        answer = door.ask(credential.name, password)
        if door.read is not None:
            return Auth.basic(credential.name, password) if door.lets_in(answer) else None
        auth = check.sessions.opened(answer)
        if auth is not None:
            check.probe.redactor.learn(auth.secret)
        return auth

    return Owner(check, identity.name, credential.secret, enters, identity)


def _new(check: Check, newcomer: Newcomer) -> Owner:
    def enters(password: str) -> Auth | None:
        return newcomer.with_password(password).entered(check)

    return Owner(check, newcomer.names[0], newcomer.password, enters)


def ordinary(door: Door) -> Known:
    """Somebody without power, if there is one."""
    return min(door.known, key=lambda k: says(words(k[0].role or ""), *_POWER))
