"""Where input goes in: who may send it, what is made of it, and how that is read back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target import meaning
from l7audit.target.filling import filled
from l7audit.target.fresh import may_be_taken, renewed
from l7audit.target.operation import Operation
from l7audit.target.origins import items
from l7audit.target.schemas import properties
from l7audit.target.target_model import Surface
from l7audit.target.values import things, values_in
from l7audit_suites.input.admissions import maker, reader
from l7audit_suites.input.fresh import needs_new

CONCURRENCY = 4
_MOST_ASKED = 5
_MOST_CALLERS = 6
_METHODS = {
    Kind.RESOURCE_READ: "GET", Kind.RESOURCE_LIST: "GET", Kind.RESOURCE_DELETE: "DELETE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a way in; nobody where the operation is public."""

    check: Check
    identity: Identity | None

    @property
    def name(self) -> str:
        return self.identity.name if self.identity else ""

    def auth(self, surface: Surface) -> Auth:
        """How this caller authenticates there."""
        if self.identity is None:
            return Auth.none()
        return self.check.sessions.auth(self.identity, surface)

    def send(self, request: Request, *, patience: bool = True) -> Answer:
        """Sends a request that is authenticated already."""
        return self.check.send(request, identity=self.name, patience=patience)


def callers(check: Check, most: int = _MOST_CALLERS) -> list[Caller]:
    """Who can get in at all, in an order of this check's own. Ends the check without any."""
    odd = {"limited", "expired", "revoked"}
    found = [i for i in check.identities if not odd & set(i.tags) and i.credentials]
    check.random.shuffle(found)
    entered = []
    for identity in found[:most]:
        try:
            check.sessions.auth(identity)
        except CredentialError:
            continue
        entered.append(Caller(check, identity))
    if not entered:
        check.inconclusive("The profile gives no identity that gets in with its credentials.")
    return entered


def filled_for(caller: Caller, surface: Surface) -> Surface:
    """The surface with things of the caller's where it names some. Errors: `CredentialError`."""
    if caller.identity is None:
        return surface
    return filled(caller.check.model, surface, caller.check.sessions, caller.identity)


def able(who: Sequence[Caller], surface: Surface) -> Caller | None:
    """The first caller whose plain request is answered with success."""
    if not who:
        return None
    known = reader(who[0].check.model, surface.place())
    for caller in known.first(who)[:_MOST_ASKED]:
        try:
            auth = caller.auth(surface)
        except CredentialError:
            continue
        if known.is_let_in(caller):
            return caller
        answer = caller.send(surface.request(auth))
        if answer.ok:
            known.name = caller.name
            return caller
        if answer.status not in {401, 403, 404}:
            return None  # it is not about who asks
        known.refused.add(caller.name)
    return None


@dataclass(frozen=True, slots=True)
class Made:
    """A thing that was made for the purpose."""

    answer: Answer
    path: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a caller can make things of a kind, see them again and remove them."""

    check: Check
    surface: Surface
    caller: Caller
    reader: Surface | None
    lister: Surface | None
    remover: Surface | None
    renews: bool = False
    """Whether each thing needs texts of its own, since the usual ones are taken."""
    opened: Answer | None = None
    """What was answered when it was tried out; None where that was in another check."""

    @property
    def operation(self) -> Operation:
        return self.surface.operation

    def request(self, **given: Any) -> Request:
        """The creating request; `given` as `Surface.request` takes it."""
        renews = self.renews or maker(self.check.model, self.surface.place()).renews
        surface = renewed(self.surface) if renews else self.surface
        return surface.request(auth=self.caller.auth(surface), **given)

    def make(self, **given: Any) -> Made:
        """Asks for a thing; what came into being is removed at the check's end."""
        return self.sent(self.request(**given))

    def sent(self, request: Request) -> Made:
        """As `make`, with a request of the caller's own writing."""
        return self.keep(self.caller.send(request))

    def keep(self, answer: Answer) -> Made:
        """What an answer says was made, to be removed at the check's end."""
        path = _path(answer, self.remover or self.reader) if answer.ok else {}
        if path and self.remover is not None:
            remover = self.remover.request(auth=self.caller.auth(self.remover), path=path)
            self.check.sessions.keep_for_removal(remover, self.caller.name)
        return Made(answer, path)

    def takes(self) -> Answer:
        """The answer to making one more thing, for a witness. Where the usual texts were taken
        meanwhile, all that is made from here on has its own."""
        answer = self.make().answer
        known = maker(self.check.model, self.surface.place())
        if not may_be_taken(answer) or self.renews or known.renews:
            return answer
        known.renews = True
        again = self.make().answer
        known.renews = again.ok
        return again if again.ok else answer

    def shown(self, made: Made) -> Answer | None:
        """The thing as it is read back; None where nothing shows it."""
        request = self.shows(made)
        return self.caller.send(request) if request is not None else None

    def shows(self, made: Made) -> Request | None:
        """The request that reads a thing back; None where nothing shows it."""
        if self.reader is None or not made.path:
            return None
        names = [p.name for p in self.reader.operation.path_parameters]
        path = dict(zip(names, made.path.values(), strict=False))
        return self.reader.request(auth=self.caller.auth(self.reader), path=path)

    def discard_marked(self, listing: Answer, marker: str) -> None:
        """Has what the listing shows with a marker of ours removed at the check's end."""
        for thing in things(listing.json_or_none()):
            if self.remover is None or marker not in str(thing):
                continue
            wanted = tuple(p.name for p in self.remover.operation.path_parameters)
            if path := values_in(thing, wanted):
                auth = self.caller.auth(self.remover)
                request = self.remover.request(auth=auth, path=path)
                self.check.sessions.keep_for_removal(request, self.caller.name)

    def listed(self) -> Answer | None:
        """The listing; None where there is none."""
        if self.lister is None:
            return None
        return self.caller.send(self.lister.request(auth=self.caller.auth(self.lister)))


def workshops(
    check: Check,
    who: Sequence[Caller] | None = None,
    limit: int = 4,
    *,
    needed: bool = True,
    stocked: bool = True,
    **given: Any,
) -> list[Workshop]:
    """Where things can be made; if `stocked`, one of each was just made. Ends the check where
    there is none, if they are `needed`. Who makes things himself needs no stock.

    Credentials and accounts are left alone: other areas make those.
    """
    who = who or callers(check)  # the same first for all, so that he sees what was made elsewhere
    surfaces = _creating(check, needed)[: limit + 3]
    found = [w for s in surfaces if (w := workshop(check, s, who, stocked=stocked, **given))]
    if needed and not found:
        check.inconclusive("No identity of the profile could make anything.")
    return found[:limit]


def others(check: Check, rooms: Sequence[Workshop]) -> list[Caller]:
    """All callers, and first the one who made things: he sees them."""
    first = [room.caller for room in rooms[:1]]
    return [*first, *(c for c in callers(check) if c not in first)]


def taking_json(rooms: Sequence[Workshop]) -> list[Workshop]:
    """Workshops whose things are made from a JSON object."""
    return [r for r in rooms if properties(r.operation.json_schema)]


def workshop(
    check: Check,
    surface: Surface,
    who: Sequence[Caller] | None = None,
    *,
    stocked: bool = True,
    **given: Any,
) -> Workshop | None:
    """The workshop of a creating operation, tried out; None where nobody may use it. What an
    earlier check tried out is tried again only if it is to be `stocked` with a thing."""
    template = surface.operation.template.rstrip("/")
    shows, lists, removes = (
        _at(check, template, Kind.RESOURCE_READ),
        _at(check, template, Kind.RESOURCE_LIST),
        _at(check, template, Kind.RESOURCE_DELETE),
    )
    known = maker(check.model, surface.place())
    for caller in known.first(who or callers(check)):
        try:
            ready = filled_for(caller, surface)
        except CredentialError:
            continue
        tried = Workshop(check, ready, caller, shows, lists, removes)
        if not stocked and known.is_let_in(caller):
            return replace(tried, renews=known.renews)
        try:
            made = tried.make(**given)
            if may_be_taken(made.answer) or (
                made.answer.ok and needs_new(check.model, surface, tried.takes)
            ):
                tried = replace(tried, renews=True)
                made = tried.make(**given) if not made.answer.ok else made
        except CredentialError:
            continue
        if made.answer.ok:
            known.name, known.renews = caller.name, tried.renews
            return replace(tried, opened=made.answer)
        if made.answer.status not in {401, 403}:
            break  # it is not about who asks
        known.refused.add(caller.name)
    return None


def creating(check: Check) -> list[Surface]:
    """Operations that make ordinary things. Ends the check where there is none."""
    found = _creating(check)
    if not found:
        check.surfaces(Kind.RESOURCE_CREATE)
        check.not_applicable("The target's document shows nothing but credentials to be made.")
    return found


def _creating(check: Check, needed: bool = True) -> list[Surface]:
    if needed:
        surfaces = check.surfaces(Kind.RESOURCE_CREATE, limit=32)
    else:
        surfaces = check.model.surfaces(Kind.RESOURCE_CREATE, limit=32)
    return [
        s
        for s in surfaces
        if not {Kind.KEY_CREATE, Kind.COSTLY, Kind.CHAT, Kind.SEARCH} & s.kinds
        and not s.operation.path_parameters
        and not any(
            meaning.is_password(n, p) for n, p in properties(s.operation.body_schema).items()
        )
    ]


def _at(check: Check, collection: str, kind: Kind) -> Surface | None:
    """The operation of a kind on a collection, or on one of its things."""
    operations = check.model.operations
    listed = [o for o in operations if o.template.rstrip("/") == collection]
    for operation in (*listed, *items(operations, collection, _METHODS[kind])):
        if kind in operation.kinds:
            return check.model.surface(operation)
    return None


def _path(answer: Answer, surface: Surface | None) -> dict[str, str]:
    """The path parameters of the thing that an answer describes."""
    if surface is None:
        return {}
    wanted = tuple(p.name for p in surface.operation.path_parameters)
    body = answer.json_or_none()
    inner = [v for v in body.values() if isinstance(v, dict)] if isinstance(body, dict) else []
    for thing in [body, *inner] if wanted else []:
        if found := values_in(thing, wanted):
            return found
    return {}


def ask_all(check: Check, requests: Sequence[Request]) -> list[Answer]:
    """All answers in order; those that were throttled are asked for again, with patience."""
    answers = check.burst(requests, CONCURRENCY)
    return [
        check.send(request) if answer.throttled or answer.status is None else answer
        for request, answer in zip(requests, answers, strict=True)
    ]


def count(answer: Answer) -> int:
    """How many things an answer lists; 0 for a refusal."""
    return len(things(answer.json_or_none())) if answer.ok else 0


def word(size: int = 10) -> str:
    """A word that nobody uses, nor did in a run before: what an earlier one left is not ours."""
    return "lq" + "".join(secrets.choice("bcdfghjklmnprstvwxz") for _ in range(size))
