"""API keys that are narrowed to some scopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.schemas import properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authn.leaves import secrets
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask, opened
from l7audit_suites.authz.told import learn_secrets, named

_SCOPES = ("scope", "permission", "right", "ability", "capability", "grant", "privilege")
_MOST_TEXTS = 4


@dataclass(frozen=True, slots=True)
class KeyMaker:
    """An operation that makes keys, its member that takes scopes, and who may use it."""

    surface: Surface
    member: str
    owner: Identity

    def make(self, check: Check, scopes: Sequence[str] | None, by: Auth | None = None) -> Answer:
        """The answer to making a key of these scopes (None: as the target will), as the owner or
        by a credential of his."""
        given: dict[str, Any] = marked(self.surface, new_marker()) or {}
        fields = {**given.get("fields", {})}
        if scopes is not None:
            fields[self.member] = list(scopes)
        auth = by or check.sessions.auth(self.owner, self.surface)
        answer = check.send(
            self.surface.request(auth=auth, fields=fields), identity=self.owner.name
        )
        if answer.ok:
            learn_secrets(check, answer)
            self._keep_for_removal(check, answer)
        return answer

    def _keep_for_removal(self, check: Check, answer: Answer) -> None:
        for family in families(check.model):
            if family.create is not None and family.create.operation == self.surface.operation:
                key = named(answer, family.key)
                if key and family.delete is not None:
                    surface = family.delete.with_values({family.key: key})
                    request = surface.request(auth=check.sessions.auth(self.owner, surface))
                    check.sessions.keep_for_removal(request, self.owner.name)

    def auths(self, check: Check, answer: Answer) -> list[Auth]:
        """The texts of an answer that may be its key, each as it would be sent."""
        held = self.owner.credential("api_key")
        if held is not None:
            like = check.sessions.api_key(self.owner)
        else:
            scheme = next(iter(check.model.schemes("api_key")), None)
            like = Auth.api_key(scheme.field if scheme else "X-API-Key", "")
        texts = secrets(answer.json_or_none())[:_MOST_TEXTS]
        return [replace(like, value=text) for text in texts]


def key_makers(check: Check) -> list[KeyMaker]:
    """Who can make keys of chosen scopes, ordinary people first. Ends the check where the target
    has no such keys."""
    found = [
        (surface, name)
        for surface in check.surfaces(Kind.KEY_CREATE)
        for name, part in properties(surface.operation.json_schema).items()
        if says(words(name), *_SCOPES) and type_of(part) == "array"
    ]
    if not found:
        check.not_applicable("The target's keys can't be narrowed to scopes.")
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    return [
        KeyMaker(surface, name, owner)
        for surface, name in found[:1]
        for owner in (*ordinary, *powerful)
    ]


@dataclass(frozen=True, slots=True)
class Narrow:
    """A key for a listing alone, what it opens, and the family whose making it must not."""

    maker: KeyMaker
    family: Family
    good: Answer
    auth: Auth = field(repr=False)


def reading_key(check: Check, maker: KeyMaker) -> Narrow | None:
    """A key for the listing of some family; None where the maker can't have one."""
    for family in families(check.model):
        listing, create = family.list, family.create
        if listing is None or create is None or family.nested or Kind.KEY_LIST in listing.kinds:
            continue
        needed = listing.operation.scopes
        if not needed or set(needed) >= set(create.operation.scopes):
            continue
        good = ask(check, listing, maker.owner)
        if not opened(listing, good):
            continue
        made = maker.make(check, needed)
        auth = first_that_opens(check, listing, maker.auths(check, made)) if made.ok else None
        if auth is not None:
            return Narrow(maker, family, good, auth)
    return None


def first_that_opens(check: Check, surface: Surface, auths: Sequence[Auth]) -> Auth | None:
    """The first credential that an operation answers."""
    return next((a for a in auths if opened(surface, by(check, surface, a))), None)


def by(check: Check, surface: Surface, auth: Auth, **given: Any) -> Answer:
    """An operation, called with a credential."""
    return check.send(surface.request(auth=auth, **given))


@dataclass(frozen=True, slots=True)
class Written:
    """The answer to an attempt to make a thing, what its owner's listing shows, and whether the
    thing is in it."""

    answer: Answer
    listing: Answer
    there: bool


def written(check: Check, family: Family, auth: Auth, owner: Identity) -> Written | None:
    """Tries to make a thing with a credential; None where that can't be tried."""
    create, listing, marker = family.create, family.list, new_marker()
    given: Mapping[str, Any] | None = None if create is None else marked(create, marker)
    if create is None or listing is None or given is None:
        return None
    answer = by(check, create, auth, **given)
    seen = ask(check, listing, owner)
    key = named(answer, family.key) if answer.ok else ""
    if key and family.delete is not None:
        surface = family.delete.with_values({family.key: key})
        request = surface.request(auth=check.sessions.auth(owner, surface))
        check.sessions.keep_for_removal(request, owner.name)
    return Written(answer, seen, marker in seen.text)
