"""Asking for what a caller may not set, and looking afterwards, in a fresh request, whether it is.

What an answer repeats proves nothing: only what the owner (or whoever the thing was given to)
finds when he asks again counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.compose import Path
from l7audit.target.filling import filled
from l7audit.target.persons import Facts, facts_of
from l7audit.target.schemas import Schema, alternative, properties
from l7audit.target.target_model import Surface
from l7audit.target.values import things, values_in
from l7audit.target.words import words
from l7audit_suites.authz.families import Family
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import Thing, ask, keep_for_removal
from l7audit_suites.authz.told import learn_secrets, named
from l7audit_suites.mass.guesses import guesses, owner_values
from l7audit_suites.mass.members import Meaning, Wish, at, closed, meaning_of, others, same, subject

TAKEN = "A member that only the service may set is taken over from {what}."
EXPECTED = "the member as the service sets it, or a refusal"


@dataclass(frozen=True, slots=True)
class Ground:
    """A thing that was made plainly: `shown` is how its owner sees it; `stranger` is who it could
    be given to, with what is known of him."""

    check: Check
    thing: Thing
    shown: Mapping[str, Any]
    stranger: Identity
    facts: Facts
    seen: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    others: Mapping[str, Any] = field(default_factory=dict)
    """Members that name other things, as requests have to."""

    def wishes(self, surface: Surface, kind: Meaning) -> list[Wish]:
        """What could be asked for in a request to this operation: nothing that it, or the change
        of such a thing, lets its caller say."""
        takes = _told(self.thing.family, surface)
        reader = self.thing.family.read or surface
        found: list[Wish] = []
        for path, value, schema in closed(self.shown, takes, reader.operation.answer_schema):
            if meaning_of(str(path[-1])) is kind:
                found += [Wish(path, v) for v in self._values(path, value, schema, kind)]
        powers = [i.role for i in by_role(self.check.identities, admin_roles(self.check))[1]]
        return [*found, *guesses(takes, list(self.shown), kind, self.facts, powers)]

    def _values(self, path: Path, value: Any, schema: Schema, kind: Meaning) -> Sequence[Any]:
        if kind is Meaning.OWNER and isinstance(value, str | int) and not isinstance(value, bool):
            return owner_values(str(path[-1]), value, self.facts)
        fresh = uuid.UUID(int=self.check.random.getrandbits(128), version=4)
        # Never another thing's own id: what is then removed must be ours.
        names = words(str(path[-1]))[-1:] in {("id",), ("uuid",), ("ref",), ("key",)}
        seen = [] if names else [at(thing, path) for thing in self.seen]
        return others(value, schema, seen, fresh)


def ground(check: Check, thing: Thing, known: dict[str, Facts]) -> Ground | None:
    """What can be tried on a thing's family; None where its owner does not see it as an object.

    `known` keeps what is known of strangers from one thing to the next.
    """
    shown = subject(thing.seen.json_or_none(), thing.id, thing.marker)
    if not shown:
        return None
    stranger = thing.cast.strangers[0]
    listing = thing.listed(check, thing.owner)
    seen = things(listing.json_or_none()) if listing is not None and listing.ok else []
    if stranger.name not in known:
        known[stranger.name] = facts_of(check.sessions, stranger)
    facts, maker = known[stranger.name], thing.family.create
    named_there = (
        filled(check.model, maker.with_values(thing.upper), check.sessions, thing.owner).named
        if maker
        else {}
    )
    listed = [t for t in seen if isinstance(t, dict)]
    return Ground(check, thing, shown, stranger, facts, listed, named_there)


def _told(family: Family, surface: Surface) -> Schema:
    """Everything that a caller may say of such a thing, as one schema."""
    takes = surface.operation.json_schema
    said = {p.name: p.schema for p in surface.operation.parameters}
    for other in (family.change, family.create):
        said |= properties(other.operation.json_schema) if other is not None else {}
    return {**alternative(takes), "properties": {**said, **properties(takes)}}


def in_making(room: Ground, wishes: Sequence[Wish]) -> None:
    """Makes things that wish for something, all wishes in one; each by itself where that is
    refused."""
    maker = room.thing.family.maker
    assert maker is not None  # `families` gives none without
    if room.thing.family.create is None:
        return  # what is written at an address of one's own has no members
    _bundled(maker, wishes, lambda some: _made(room, maker, some))


def in_changing(room: Ground, wishes: Sequence[Wish]) -> None:
    """Changes the thing so that it gets what is wished for."""
    change = room.thing.family.change
    if change is None or change is room.thing.family.put or not _members(change):
        return
    _bundled(change, wishes, lambda some: _changed(room, change, some))


def _members(surface: Surface) -> bool:
    return bool(properties(surface.operation.json_schema))


def _bundled(
    surface: Surface, wishes: Sequence[Wish], tried: Callable[[Sequence[Wish]], bool]
) -> None:
    """All of them at once, a value for each member; one by one what is left or was refused.

    Where a document closes its schema and the whole was refused, as it says, guesses are not
    repeated one by one: what answers show still is.
    """
    first = list({wish.path: wish for wish in reversed(wishes)}.values())[::-1]
    if not first:
        return
    rest = [w for w in wishes if w not in first]
    again = [] if tried(first) else first
    closes = alternative(surface.operation.json_schema).get("additionalProperties") is False
    for wish in [*again, *rest]:
        if wish.learned or not closes:
            tried([wish])


def _given(
    surface: Surface, marker: str, wishes: Sequence[Wish], others: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """What a request is given: in its JSON body, with `others` in it, or in its query where it
    takes none."""
    given = marked(surface, marker)
    if given is None:
        return None
    if not _members(surface):
        query = {w.name: w.value for w in wishes if len(w.path) == 1}
        return {**given, "query": {**given.get("query", {}), **query}}
    body: dict[str, Any] = {**surface.body(), **given.get("fields", {}), **(others or {})}
    for wish in wishes:
        body = wish.into(body)
    return {**{k: v for k, v in given.items() if k != "fields"}, "json": body}


def _made(room: Ground, maker: Surface, wishes: Sequence[Wish]) -> bool:
    """Whether such a thing could be made; what it got is judged."""
    check, family, owner = room.check, room.thing.family, room.thing.owner
    marker = new_marker()
    above = dict(room.thing.upper)
    given = _given(maker, marker, wishes, room.others)
    if given is None:
        return True
    answer = ask(check, maker.with_values(above), owner, **given)
    _looked(room, maker, wishes)
    if not answer.ok:
        return False
    learn_secrets(check, answer)
    key = _key(room, answer, marker, wishes)
    if not key:
        check.observe("What the check made can't be named, and may remain.", answer)
        return True
    made = Thing(
        family, room.thing.cast, owner, {**above, family.key: key}, marker, answer, answer,
        around=above,
    )  # fmt: skip
    keep_for_removal(check, made, owner)
    _judged(room, maker, made, answer, wishes, "a request that makes a thing")
    return True


def _key(room: Ground, answer: Answer, marker: str, wishes: Sequence[Wish]) -> str:
    """What names the thing that was made. An answer that repeats the id that was wished for may
    only repeat it: then the listing tells."""
    key = named(answer, room.thing.family.key)
    if not any(same(key, wish.value) for wish in wishes):
        return key
    listing = room.thing.listed(room.check, room.thing.owner)
    for thing in things(listing.json_or_none()) if listing is not None and listing.ok else []:
        if marker in str(thing):
            return values_in(thing, (room.thing.family.key,)).get(room.thing.family.key, "")
    return key


def _changed(room: Ground, change: Surface, wishes: Sequence[Wish]) -> bool:
    """Whether such a change could be made; what came of it is judged."""
    thing, marker = room.thing, new_marker()
    given = _given(change, marker, wishes)
    if given is not None and change.operation.method == "PATCH" and "json" in given:
        names = {w.path[0] for w in wishes}
        told = (marked(change, marker) or {}).get("fields", {})
        given["json"] = {n: v for n, v in given["json"].items() if n in names or n in told}
    if given is None:
        given = {"json": _body(wishes)}
    answer = ask(room.check, thing.at(change), thing.owner, **given)
    _looked(room, change, wishes)
    if answer.ok:
        thing = replace(thing, marker=marker) if _marks(change) else thing
        _judged(room, change, thing, answer, wishes, "a change of a thing")
    return answer.ok


def _marks(surface: Surface) -> bool:
    return bool((marked(surface, "l7audit") or {}).get("fields"))


def _body(wishes: Sequence[Wish]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for wish in wishes:
        body = wish.into(body)
    return body


def _looked(room: Ground, surface: Surface, wishes: Sequence[Wish]) -> None:
    for wish in wishes:
        room.check.expect(True, surface.place(f"member {wish.name}"), "")


def _judged(
    room: Ground,
    surface: Surface,
    thing: Thing,
    sent: Answer,
    wishes: Sequence[Wish],
    what: str,
) -> None:
    """Looks at the thing as its owner, as the stranger, and under an id of the caller's choice."""
    for who, view in _views(room, thing, wishes):
        shown = subject(view.json_or_none(), thing.marker) if view.ok else {}
        for wish in wishes:
            if not wish.granted(shown, room.shown):
                continue
            keep_for_removal(room.check, thing, who)
            room.check.violation(
                surface.place(f"member {wish.name}"),
                TAKEN.format(what=what),
                sent,
                view,
                expected=EXPECTED,
                seen=f"the value that was sent, when the thing is read again by {who.name}",
            )


def _views(room: Ground, thing: Thing, wishes: Sequence[Wish]) -> Iterator[tuple[Identity, Answer]]:
    own = thing.view(room.check)
    yield thing.owner, own
    if not own.ok and any(w.meaning is Meaning.OWNER for w in wishes):
        yield room.stranger, thing.view(room.check, room.stranger)
    for wish in wishes:
        if wish.path in {(thing.family.key,), ("id",)} and str(wish.value) != thing.id:
            yield thing.owner, thing.called(str(wish.value)).view(room.check)
