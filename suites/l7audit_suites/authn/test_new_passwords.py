"""Passwords that somebody chooses: those that everybody guesses are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from l7audit.harness.check import Check
from l7audit.model import Credential, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target import meaning
from l7audit.target.schemas import Schema, properties
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authn.doors import wrong_secret
from l7audit_suites.authn.newcomers import registered
from l7audit_suites.authn.password_doors import Door, doors

GUESSED = ("password", "12345678", "password123", "password1234", "123456789012")
"""What stands at the top of every list of passwords, in the lengths that rules ask for."""

MIXED = ("Password123!",)
"""The same where the document asks for a mixture."""

_MOST = 3
_POWER = ("admin", "administrator", "owner", "root", "operator", "staff", "manager")


@pytest.mark.control("AUTHN-34")
def test_a_password_that_everybody_guesses_is_not_taken(check: Check) -> None:
    joining = check.model.surfaces(Kind.REGISTRATION, limit=1)
    changing = check.model.surfaces(Kind.PASSWORD_CHANGE, limit=1)
    if not joining and not changing:
        check.surfaces(Kind.PASSWORD_CHANGE)  # says why there is none
    for surface in joining:
        _joins(check, surface)
    if joining:
        return  # who can have an account of the check's own leaves those of the profile alone
    door = doors(check)[0]
    for surface in changing:
        _changes(check, _Owner(check, door, surface, *_ordinary(door)))


def _joins(check: Check, surface: Surface) -> None:
    """Becomes a user with a good password, and then with weak ones."""
    check.witness("a good password is taken", _joined(check, surface, "")[0], once=True)
    for weak in _fitting(surface):
        taken, answer = _joined(check, surface, weak)
        if not _judged(check, surface, taken, answer):
            break


def _joined(check: Check, surface: Surface, password: str) -> tuple[bool, Answer]:
    """Whether a new account with that password can be logged in to, and what was answered."""
    newcomer, answer = registered(check, surface, password=password)
    return newcomer is not None and newcomer.logged_in(check) is not None, answer


@dataclass(slots=True)
class _Owner:
    """Somebody who changes their password, and changes it back."""

    check: Check
    door: Door
    surface: Surface
    identity: Identity
    credential: Credential

    def change(self, present: str, new: str) -> tuple[bool, Answer]:
        """Whether the new password opens now, and what was answered."""
        operation = self.surface.operation
        pair = meaning.password_pair(operation)
        assert pair is not None  # its kind says so
        fields = {pair[0]: present, pair[1]: new}
        fields.update(dict.fromkeys(meaning.repeated(operation), new))
        request = self.surface.request(auth=self._auth(present), fields=fields)
        answer = self.check.send(request, identity=self.identity.name)
        return self.opens(new), answer

    def opens(self, password: str) -> bool:
        return self.door.lets_in(self.door.ask(self.credential.name, password))

    def back(self, present: str) -> None:
        """Sets the password of the profile again; that it failed is told."""
        self.change(present, self.credential.secret)
        self.check.sessions.forget(self.identity)
        if not self.opens(self.credential.secret):
            self.check.observe(
                f"The password of {self.identity.name} was changed and could not be changed back: "
                "it is one that a check of new passwords tries."
            )

    def _auth(self, password: str) -> Auth:
        if self.identity.credential("api_key") is not None:
            return self.check.sessions.api_key(self.identity)
        if self.door.read is not None:
            return Auth.basic(self.credential.name, password)
        opened = self.check.sessions.opened(self.door.ask(self.credential.name, password))
        if opened is None:
            self.check.inconclusive("Its owner could not log in to change a password.")
        self.check.probe.redactor.learn(opened.secret)
        return opened


def _changes(check: Check, owner: _Owner) -> None:
    for weak in _fitting(owner.surface):
        taken, answer = owner.change(owner.credential.secret, weak)
        if taken:
            owner.back(weak)
        if not _judged(check, owner.surface, taken, answer):
            check.witness("the password holds that its owner has", True, once=True)
            return
    good = wrong_secret(check.random)
    check.probe.redactor.learn(good)
    taken, _ = owner.change(owner.credential.secret, good)
    if taken:
        owner.back(good)
    check.witness("a good password is taken", taken, once=True)


def _judged(check: Check, surface: Surface, taken: bool, answer: Answer) -> bool:
    return check.expect(
        not taken,
        surface.place("new password"),
        "A password that everybody guesses is taken.",
        answer,
        expected="a refusal of what stands in every list of passwords",
        seen="the account opens with it",
    )


def _ordinary(door: Door) -> tuple[Identity, Credential]:
    """Somebody without power, if there is one."""
    return min(door.known, key=lambda k: says(words(k[0].role or ""), *_POWER))


def _fitting(surface: Surface) -> Iterator[str]:
    """The passwords that the document's own rules admit."""
    operation = surface.operation
    pair = meaning.password_pair(operation)
    name = pair[1] if pair else meaning.new_password(operation)
    schema = next((p[name] for s in operation.bodies.values() if name in (p := properties(s))), {})
    fitting = [text for text in GUESSED if _admits(schema, text)]
    yield from (fitting or [text for text in MIXED if _admits(schema, text)])[:_MOST]


def _admits(schema: Schema, text: str) -> bool:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 10**6)
    pattern = schema.get("pattern")
    if isinstance(least, int) and isinstance(most, int) and not least <= len(text) <= most:
        return False
    try:
        return not isinstance(pattern, str) or re.search(pattern[:500], text) is not None
    except re.error:
        return True
