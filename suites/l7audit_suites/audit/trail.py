"""The target's audit log as those see it who may, and what it tells of a request of ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.target.schemas import type_of
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.audit.records import Record, doubled, flat, marked, marks
from l7audit_suites.authn.ground import holders, key_ground
from l7audit_suites.authn.made_keys import made_key
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask

PATIENCE = 2.0
"""Seconds until what was done must be in the log."""

_PAUSE = 0.1
_FEWEST_OF_ID = 6
_MOST_READERS = 4
_MOST_PAGES = 3
_PAGE = 100
_SIZE = ("limit", "size", "per page", "count", "take", "top")
_IDS = (("id",), ("ref",), ("uuid",))
_ONWARD = ("before", "cursor", "after", "next", "token", "offset", "start", "page")


@dataclass(slots=True)
class Trail:
    """The log, who may read it, and the header values that all answers carry."""

    check: Check
    surface: Surface
    readers: list[Identity]
    usual: list[tuple[str, str]] = field(repr=False)

    def of(self, answer: Answer, within: float = PATIENCE) -> list[Record]:
        """The records of the request that was answered so; waits for them a little."""
        wanted = marks(answer.headers.pairs, self.usual)
        deadline = time.monotonic() + within
        while wanted:
            for reader in self.readers:
                if found := self.seen_by(reader, wanted):
                    return found
            if time.monotonic() > deadline:
                break
            time.sleep(_PAUSE)
        return []

    def seen_by(self, reader: Identity, wanted: set[str]) -> list[Record]:
        """What a reader sees of these values."""
        for page in self.pages(reader):
            if found := marked(page, wanted):
                return found
        return []

    def recorded(self, answers: Sequence[Answer], within: float = PATIENCE) -> list[Answer]:
        """Those of many answers whose requests are in the log; waits until one is."""
        named = [(answer, marks(answer.headers.pairs, self.usual)) for answer in answers]
        deadline = time.monotonic() + within
        while True:
            for reader in self.readers:
                seen = [r for page in self.pages(reader) for r in page]
                if found := [a for a, wanted in named if wanted and marked(seen, wanted)]:
                    return found
            if time.monotonic() > deadline:
                return []
            time.sleep(_PAUSE)

    def lacks(self, answers: Sequence[Answer], within: float = PATIENCE) -> list[Answer]:
        """Those of many answers whose requests are not in the log; waits for them a little."""
        named = [(answer, marks(answer.headers.pairs, self.usual)) for answer in answers]
        deadline = time.monotonic() + within
        while True:
            for reader in self.readers:
                for page in self.pages(reader):
                    named = [(a, w) for a, w in named if not (w and marked(page, w))]
                    if not named:
                        return []
            if time.monotonic() > deadline or not any(w for _, w in named):
                return [answer for answer, _ in named]
            time.sleep(_PAUSE)

    def telling_of(self, answer: Answer) -> list[Record]:
        """The records that name what an answer says was made."""
        made = _made(answer)
        for reader in self.readers if made else ():
            for page in self.pages(reader):
                told = [r for r in page if any(made in str(v) for v in flat(r).values())]
                if told:
                    return told
        return []

    def names_made(self, answer: Answer, record: Record) -> bool:
        """Whether a record names what an answer says was made; an answer may say nothing."""
        made = _made(answer)
        return not made or any(made in str(v) for v in flat(record).values())

    def pages(self, reader: Identity) -> Iterator[Sequence[Record]]:
        """The newest pages as a reader sees them."""
        query: dict[str, Any] = dict(self._size())
        for _ in range(_MOST_PAGES):
            answer = ask(self.check, self.surface, reader, query=query)
            if not answer.ok:
                return
            body = answer.json_or_none()
            yield listed(body)
            onward = self._onward(body)
            if not onward:
                return
            query.update(onward)

    def place(self, part: str) -> Place:
        """The log, narrowed to a part."""
        return self.surface.place(part)

    def records_once(self, what: str, place: Place, answer: Answer) -> list[Record]:
        """Expects that what was just answered is in the log, once; the records."""
        found = self.of(answer)
        self.check.expect(
            bool(found) and not doubled(found),
            place,
            f"{what} is recorded twice in the audit log."
            if found
            else f"{what} leaves no record in the audit log.",
            answer,
            expected="one record, which names the request",
            seen=f"{len(found)} records",
        )
        return found

    def _size(self) -> dict[str, int]:
        for parameter in self.surface.operation.parameters:
            if parameter.place == "query" and says(words(parameter.name), *_SIZE):
                most = parameter.schema.get("maximum")
                if type_of(parameter.schema) in {"integer", "number", ""}:
                    return {parameter.name: min(most, _PAGE) if isinstance(most, int) else _PAGE}
        return {}

    def _onward(self, body: Any) -> dict[str, Any]:
        """The query that asks for the next page; empty where the answer tells of none."""
        members = body.items() if isinstance(body, dict) else ()
        nexts = (v for n, v in members if says(words(n), "next") and isinstance(v, str | int))
        told = next(filter(None, nexts), None)
        if told is None:
            return {}
        names = [p.name for p in self.surface.operation.parameters if p.place == "query"]
        return next(({n: told} for n in names if says(words(n), *_ONWARD)), {})


def _made(answer: Answer) -> str:
    """What an answer calls the thing that was made; empty where it does not say."""
    body = answer.json_or_none()
    members = body.items() if isinstance(body, dict) else ()
    return next((v for n, v in members if words(n)[-1:] in _IDS and _names(v)), "")


def _names(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= _FEWEST_OF_ID


def listed(body: Any) -> list[Record]:
    """The records of a page: the answer itself, or its longest list."""
    if isinstance(body, dict):
        body = max((v for v in body.values() if isinstance(v, list)), key=len, default=[])
    return [r for r in body if isinstance(r, dict)] if isinstance(body, list) else []


def trail(
    check: Check, *, canaries: Sequence[Callable[[Check], Answer | None]], named: bool = True
) -> Trail:
    """The log. Its witness is that something we do turns up in it: the first of the `canaries`
    that does; without `named` also where only what was made is named, and not the request.

    Ends the check where there is no log, or nobody of us may read it.
    """
    surface = check.surface(Kind.AUDIT_LOG)
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    readers, usual = [], []
    for identity in (*powerful, *ordinary):
        answer = ask(check, surface, identity)
        if answer.ok and isinstance(answer.json_or_none(), list | dict):
            readers.append(identity)
            usual += list(answer.headers.pairs)
        if len(readers) == _MOST_READERS:
            break
    if not readers:
        check.inconclusive("No identity of the profile may read the audit log.")
    found = Trail(check, surface, readers, usual)
    for canary in canaries:
        done = canary(check)
        if done is not None and (found.of(done) or (not named and found.telling_of(done))):
            check.witness("what is done turns up in the audit log", True, once=True)
            return found
    check.inconclusive("Nothing that was tried turned up in the audit log under its request's id.")


def wrong_key(check: Check) -> Answer | None:
    """The refusal of a key that nobody has; None where nobody has a key."""
    if not holders(check, ("api_key",)):
        return None
    ground = key_ground(check)
    wrong = "".join(check.random.choice("abcdef0123456789") for _ in ground.credential)
    shown = f"{ground.credential[:4]}{wrong}"[: len(ground.credential)]
    return ground.ask(shown)


def new_key(check: Check, by: Collection[Identity] = ()) -> Answer | None:
    """The making of an API key, by one of those if any are given; None where there are none."""
    if not check.model.surfaces(Kind.KEY_CREATE, limit=1):
        return None
    with made_key(check, by=by) as made:
        return made.answer


def signed_in(check: Check) -> Answer | None:
    """A login that succeeds; None without any."""
    return attempt(check, right=True)


def attempt(check: Check, *, right: bool) -> Answer | None:
    """A login with the right password or a wrong one; None where nobody has a password."""
    for surface in check.model.surfaces(Kind.LOGIN, limit=1):
        for identity in check.identities:
            credential = identity.credential("password")
            if credential is None or "limited" in identity.tags:
                continue
            # A made-up one: a log that keeps what was tried must not come to hold the right one.
            password = credential.secret if right else f"{check.random.getrandbits(96):024x}"
            check.probe.redactor.learn(password)
            return check.send(check.sessions.login_request(surface, credential.name, password))
    return None
