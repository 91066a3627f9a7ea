"""A further key that signs the target's tokens, made for a check and retired after it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from l7audit.errors import AuditError, CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authn.jose import parse
from l7audit_suites.authn.made_keys import WINDOW, path_to
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask
from l7audit_suites.keys.published import listed

_PAUSE = 0.05
_SOON = 1
_LONGEST_WAIT = 5
"""Seconds: the wish for when a new key shall sign, and the most that a target may ask instead."""

_TOKENS = 6
"""Logins while a new key spreads: fewer than any limit of guesses."""

_GRACE = 0.2
_PATIENCE = 2.0
_STARTS = ("sign", "start", "begin", "activate", "active", "delay", "lead", "overlap", "grace")
_COARSE = ("minute", "hour", "day", "week", "month", "year")


@dataclass(slots=True)
class NewKey:
    """The new key: its id, and by when it was asked to sign in seconds of `time.monotonic()`.

    `unpublished` are the addresses at which it was not to be seen in time, `early` those at which
    the key was not to be seen that signed right after the making.
    """

    check: Check
    jwks: Surface
    who: Identity
    answer: Answer = field(repr=False)
    known: set[str]
    signs_at: float
    id: str = ""
    unpublished: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    retired: bool = False

    def published(self, address: str = "") -> set[str]:
        """The ids of the published keys, as an address shows them."""
        return _published(self.check, self.jwks, address)

    def everywhere(self) -> list[str]:
        """The target's own address and those of its replicas."""
        return ["", *self.check.target.replicas]

    def token(self, identity: Identity) -> tuple[str, str]:
        """A fresh token and the id of the key that it names."""
        try:
            text = self.check.sessions.bearer(identity, fresh=True)
        except CredentialError as error:
            self.check.inconclusive(str(error))
        token = parse(text)
        return text, str(token.header.get("kid", "")) if token else ""

    def signed(self, identity: Identity) -> str:
        """A token of the new key, as soon as it signs; empty where it does not within its time."""
        time.sleep(max(0.0, self.signs_at + _GRACE - time.monotonic()))
        deadline = time.monotonic() + _PATIENCE
        while True:
            text, key = self.token(identity)
            if key == self.id:
                return text
            if time.monotonic() > deadline:
                return ""
            time.sleep(4 * _PAUSE)

    def retire(self, who: Identity | None = None, key: str = "") -> Answer:
        """Ends the key (or another), as who made it or as somebody else; what was got by it is
        used no more."""
        surface = self.check.surface(Kind.SIGNING_KEY_RETIRE)
        names = [p.name for p in surface.operation.path_parameters]
        known = {} if key else path_to(surface, self.answer)
        path = known or dict.fromkeys(names[-1:], key or self.id)
        answer = ask(self.check, surface, who or self.who, path=path)
        self.retired = self.retired or (answer.ok and not key)
        for identity in self.check.identities if answer.ok else ():
            self.check.sessions.forget(identity)
        return answer


@contextmanager
def new_signing_key(
    check: Check, jwks: Surface, identity: Identity | None = None
) -> Iterator[NewKey]:
    """A new key for the block; `identity` gets a token right after it is made.

    Ends the check where none of us may make one, or none appears.
    """
    made = _make(check, jwks)
    try:
        _wait(made, identity)
        yield made
    finally:
        _remove(made)


def _make(check: Check, jwks: Surface) -> NewKey:
    surface = check.surface(Kind.SIGNING_KEY_CREATE)
    wish = lead_fields(surface.operation.json_schema)
    wait = next(iter(wish.values()), 0)
    if wait > _LONGEST_WAIT:
        wish = {}
    known = {key for address in ["", *check.target.replicas]
             for key in _published(check, jwks, address)}  # fmt: skip
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    for who in (*powerful, *ordinary):
        answer = ask(check, surface, who, **({"fields": wish} if wish else {}))
        if answer.ok:
            return NewKey(check, jwks, who, answer, known, time.monotonic() + wait)
    check.inconclusive("No identity of the profile may make a new signing key.")


def lead_fields(schema: Schema) -> dict[str, Any]:
    """The member of a body that says when the new key begins to sign, in seconds."""
    for name, part in properties(schema).items():
        told = words(name)
        if type_of(part) in {"integer", "number"} and says(told, *_STARTS):
            least = part.get("minimum", 0)
            if not says(told, *_COARSE):
                return {name: max(_SOON, least if isinstance(least, int) else _SOON)}
    return {}


def _wait(made: NewKey, identity: Identity | None) -> None:
    """Until the new key is published everywhere, or that takes too long.

    Tokens that are got meanwhile are looked at: each replica learns of a key at its own moment.
    """
    deadline = time.monotonic() + WINDOW
    tokens = 0
    while True:
        if identity is not None and tokens < _TOKENS and not made.early:
            tokens += 1
            signing = made.token(identity)[1]
            made.early = [
                a for a in made.everywhere() if signing and signing not in made.published(a)
            ]
        shown = {address: made.published(address) - made.known for address in made.everywhere()}
        fresh = {key for keys in shown.values() for key in keys}
        made.id = made.id or next(iter(fresh), "")
        made.unpublished = [address for address, keys in shown.items() if made.id not in keys]
        if (made.id and not made.unpublished) or time.monotonic() > deadline:
            break
        time.sleep(2 * _PAUSE)
    if not made.id:
        told = _told_id(made)
        if not told:
            made.check.inconclusive("A new signing key was made, and nothing new is published.")
        made.id = told


def _told_id(made: NewKey) -> str:
    """What the answer to the making calls the key."""
    body = made.answer.json_or_none()
    named = {n: v for n, v in body.items() if isinstance(v, str)} if isinstance(body, dict) else {}
    return next((v for n, v in named.items() if says(words(n), "kid", "id", "key id")), "")


def _published(check: Check, jwks: Surface, address: str) -> set[str]:
    answer = check.send(replace(jwks.request(), base_url=address))
    return {str(key["kid"]) for key in listed(answer.json_or_none()) if key.get("kid")}


def _remove(made: NewKey) -> None:
    if made.retired:
        return
    try:
        answer = made.retire() if made.check.model.surfaces(Kind.SIGNING_KEY_RETIRE) else None
    except AuditError as error:
        made.check.observe(f"A signing key that the check made may remain: {error}")
        return
    if answer is None or not answer.ok:
        made.check.observe(
            "A signing key that the check made remains.", *([answer] if answer else [])
        )
        return
    # Who has not heard of it yet signs with it still: the next check would get such a token.
    deadline = time.monotonic() + WINDOW
    while any(made.id in made.published(address) for address in made.everywhere()):
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
