"""API keys that a check makes, tries and removes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from l7audit.errors import AuditError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.values import values_in
from l7audit.target.words import says, words
from l7audit_suites.authn.ground import Ground, find, holders
from l7audit_suites.authn.judgement import Seen
from l7audit_suites.authn.leaves import secrets

WINDOW = 2.0
"""Seconds after which an ended credential must be refused everywhere."""

_MOST_OWNERS = 4
_MOST_SECRETS = 4
_PAUSE = 0.1
_REFUSALS = 3
_ENDS = ("overlap", "grace", "expire", "expiry", "expires", "ttl", "valid", "lifetime", "until")
_COARSE = ("minute", "hour", "day", "week", "month", "year")


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A fresh key: its text, its id, who made it how, and the read on which it works."""

    text: str = field(repr=False)
    id: str
    owner: Identity
    auth: Auth
    surface: Surface
    answer: Answer
    ground: Ground


@contextmanager
def made_key(
    check: Check, more: Mapping[str, Any] | None = None, by: Collection[Identity] = ()
) -> Iterator[MadeKey]:
    """A key made for the block and revoked after it, by one of those if any are given. Ends the
    check where none can be made."""
    made = _make(check, more or {}, by)
    try:
        yield made
    finally:
        discard(check, made)


def _make(check: Check, more: Mapping[str, Any], by: Collection[Identity]) -> MadeKey:
    surfaces = check.surfaces(Kind.KEY_CREATE)
    owners = holders(check, ("api_key", "password", "client", "bearer"))
    owners = [o for o in owners if not by or o in by]
    check.random.shuffle(owners)
    for surface in surfaces:
        for owner in owners[:_MOST_OWNERS]:
            auth = check.sessions.auth(owner)
            answer = check.send(
                surface.request(auth=auth, fields=dict(more) if more else None),
                identity=owner.name,
            )
            if answer.ok:
                return read_key(check, answer, surface, owner, auth)
    check.inconclusive("No identity of the profile could make an API key.")


def read_key(
    check: Check, answer: Answer, surface: Surface, owner: Identity, auth: Auth
) -> MadeKey:
    """The key in an answer: the text that opens a protected read, and the id beside it."""
    value = answer.json_or_none()
    template = _key_auth(check, owner, surface)
    for text in secrets(value)[:_MOST_SECRETS]:
        check.probe.redactor.learn(text, "api_key")
        ground = find(check, owner, text, lambda t: replace(template, value=t), "api_key")
        if ground is not None:
            return MadeKey(text, _id_in(check, answer), owner, auth, surface, answer, ground)
    check.inconclusive("The answer to a key's creation holds no text that works as a key.")


def _key_auth(check: Check, owner: Identity, surface: Surface) -> Auth:
    """How keys are sent: as an identity's own key, or as the document says."""
    if owner.credential("api_key") is not None:
        return check.sessions.api_key(owner)
    for holder in holders(check, ("api_key",))[:1]:
        return check.sessions.api_key(holder)
    for alternative in surface.operation.security:
        for requirement in alternative:
            if requirement.scheme.kind == "api_key":
                return Auth.api_key(requirement.scheme.field, "", requirement.scheme.place)
    check.inconclusive("Nothing says in which header an API key is sent.")


def path_to(surface: Surface, answer: Answer) -> dict[str, str]:
    """The path parameters of a surface, out of the answer that describes what it shall act on."""
    wanted = tuple(p.name for p in surface.operation.path_parameters)
    body = answer.json_or_none()
    inner = [v for v in body.values() if isinstance(v, dict)] if isinstance(body, dict) else []
    for thing in [body, *inner] if wanted else []:
        if found := values_in(thing, wanted):
            return found
    return {}


def _id_in(check: Check, answer: Answer) -> str:
    """The id of a key as the target's own paths name it; empty where no path does."""
    for kind in (Kind.KEY_REVOKE, Kind.KEY_ROTATE):
        for surface in check.model.surfaces(kind, limit=1):
            return next(iter(path_to(surface, answer).values()), "")
    return ""


def revoke(check: Check, made: MadeKey) -> Answer | None:
    """Revokes a key as its owner; None where the target offers no way."""
    for surface in check.model.surfaces(Kind.KEY_REVOKE, limit=2):
        return check.send(
            surface.request(auth=made.auth, path=path_to(surface, made.answer)),
            identity=made.owner.name,
        )
    return None


def discard(check: Check, made: MadeKey) -> None:
    """Removes a key; what fails is told, since something of ours stays behind."""
    try:
        answer = revoke(check, made)
    except AuditError as error:
        check.observe(f"A key that the check made may remain: {error}")
        return
    if answer is None or (answer.status or 500) >= 500:
        check.observe("A key that the check made may remain.", *([answer] if answer else []))


def end_fields(schema: Schema, seconds: float) -> dict[str, Any] | None:
    """The member of a body that sets an end `seconds` from now; None where it is too coarse."""
    for name, part in properties(schema).items():
        told = words(name)
        if not says(told, *_ENDS):
            continue
        if part.get("format") == "date-time":
            return {name: datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()}
        if type_of(part) in {"integer", "number"} and not says(told, *_COARSE):
            return {name: round(seconds)}
    return None


def refused_everywhere(
    ground: Ground, credential: str, since: float, what: str = ""
) -> list[Answer]:
    """Asks at every address until it is refused thrice in a row; the answers that let it in later
    than `WINDOW` seconds after `since`. For `what` the time that it took is measured.

    Once is not enough: a cache may forget a refusal, and one address may stand for many replicas.
    """
    late: list[Answer] = []
    accepted = since
    for address in ground.everywhere():
        refusals = 0
        while refusals < _REFUSALS:
            answer = ground.ask(credential, address)
            if ground.seen(answer) is Seen.REFUSED:
                refusals += 1
                continue
            refusals, accepted = 0, time.monotonic()
            if time.monotonic() - since > WINDOW:
                if ground.seen(answer) is Seen.UNCLEAR:
                    ground.check.inconclusive(
                        f"An ended credential got no decision, but {answer.status or answer.error}."
                    )
                late.append(answer)
                break
            time.sleep(_PAUSE)
    if what and not late:
        # The last time that anybody let it in is when it was not refused everywhere yet.
        ground.check.measure(
            f"{what} accepted after its end", "s", value=round(accepted - since, 3)
        )
    return late
