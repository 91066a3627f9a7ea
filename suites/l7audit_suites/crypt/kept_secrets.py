"""Things that are made with a secret of ours in them, which the target must use later."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.probe.storage import Kept, Storage
from l7audit.target import meaning
from l7audit.target.schemas import properties, required, type_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask
from l7audit_suites.authz.told import learn_secrets, named
from l7audit_suites.crypt.signatures import proves
from l7audit_suites.input.listener import listening

_SECRET = ("secret", "signing key", "private key", "client secret", "passphrase", "token", "pin")
_SOON = 0.2
"""Seconds that a call may come after the answer."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Something made by somebody with a secret in it. `path` is where it should call us."""

    family: Family
    id: str
    marker: str
    who: Identity
    answer: Answer = field(repr=False)
    secret: str = field(repr=False)
    path: str = ""

    def kept(self, storage: Storage) -> Kept | None:
        """Its row as it lies in the database now."""
        return next((k for k in storage.holding(self.id) if self.id in k.row.values()), None)


def keeping(check: Check) -> list[tuple[Family, str]]:
    """Families whose things are given a secret, with that member's name. Ends the check without."""
    found = [
        (family, name)
        for family in families(check.model)
        if family.create is not None and not family.people and not family.nested
        for name, part in properties(family.create.operation.json_schema).items()
        if says(words(name), *_SECRET) and type_of(part) in {"string", ""}
    ]
    if not found:
        check.not_applicable("The target's document has nothing that keeps a secret of a caller's.")
    return found


def store(check: Check, family: Family, member: str, secret: str) -> Stored | None:
    """A thing with that secret, removed in the end; None where nobody of us may make one. Where the
    target names an address that it calls, a thing that takes a URL gets that."""
    create, delete = family.create, family.delete
    assert create is not None  # `keeping` looked
    assert delete is not None  # `families` gives none without
    check.probe.redactor.learn(secret)
    marker = new_marker()
    given = (marked(create, marker) or {}).get("fields", {})
    url, path = _url(check, create)
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    for who in (*ordinary, *powerful):
        answer = ask(check, create, who, fields={**given, **url, member: secret})
        key = named(answer, family.key) if answer.ok else ""
        if not key:
            continue
        learn_secrets(check, answer)
        surface = delete.with_values({family.key: key})
        request = surface.request(auth=check.sessions.auth(who, surface))
        check.sessions.keep_for_removal(request, who.name)
        return Stored(family, key, marker, who, answer, secret, path)
    return None


def fresh() -> str:
    """A secret that nobody has."""
    return f"l7audit-{secrets.token_hex(16)}"


def works(check: Check, thing: Stored, address: str = "") -> bool | None:
    """Whether the target, asked at that address, calls us with what only the secret can sign; None
    where nothing has it call us."""
    triggers = list(_triggers(thing)) if thing.path else []
    if not triggers:
        return None
    try:
        with listening(_listener(check)) as listener:
            for trigger in triggers:
                auth = check.sessions.auth(thing.who, trigger)
                request = replace(trigger.request(auth=auth), base_url=address)
                check.send(request, identity=thing.who.name)
            end = time.monotonic() + _SOON
            while not (came := listener.deliveries(thing.path)) and time.monotonic() < end:
                time.sleep(0.01)
    except OSError as error:
        check.inconclusive(f"The address that the target may call is taken: {error}.")
    return any(proves(thing.secret, one.headers, one.body) for one in came)


def _triggers(thing: Stored) -> Iterator[Surface]:
    """Actions on the thing that need nothing: one of them may call its URL."""
    for surface in thing.family.below:
        operation = surface.operation
        if operation.method == "POST" and not any(map(required, operation.bodies.values())):
            yield surface.with_values({thing.family.key: thing.id})


def _listener(check: Check) -> str:
    address = check.target.hints.get("listener")
    return address if isinstance(address, str) else ""


def _url(check: Check, create: Surface) -> tuple[dict[str, Any], str]:
    """The member of a body that takes a URL with one of ours, and its path; nothing without."""
    address = _listener(check)
    taking = [
        n for n, p in properties(create.operation.json_schema).items() if meaning.takes_url(n, p)
    ]
    if not address or not taking:
        return {}, ""
    path = f"/{secrets.token_hex(8)}"
    return {taking[0]: f"http://{address}{path}"}, path
