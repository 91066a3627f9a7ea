"""Requests that name what is there: ids of the caller's own things where a body or a query asks
for one, listed or made for the purpose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from l7audit.errors import CredentialError
from l7audit.model import Identity, Kind
from l7audit.target import meaning
from l7audit.target.compose import Path
from l7audit.target.natural_keys import key_in, keyed
from l7audit.target.operation import Operation, Parameter
from l7audit.target.origins import called, names_of, origins
from l7audit.target.persons import PERSON, Facts, calls, facts_in, facts_of
from l7audit.target.references import Reference, names_thing, of_body, of_query
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.sessions import Sessions
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.values import DEPTH, Vacancy, created, is_ours, things, values_in
from l7audit.target.words import Words, words

_MOST = 6
"""References of one request that are looked up."""

_MOST_HOMES = 2
_MOST_KEYS = 3
_MOST_LISTED = 200
_NOT_THINGS = {
    Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN, Kind.RATE_POLICY, Kind.HEALTH, Kind.METRICS,
    Kind.JWKS, Kind.OPENAPI, Kind.SEARCH,
}  # fmt: skip

_LISTED: WeakKeyDictionary[TargetModel, dict[tuple[str, str], list[Any]]] = WeakKeyDictionary()
"""What each collection listed to each of our people, without what was made for a purpose."""

_REFUSED: WeakKeyDictionary[TargetModel, set[tuple[str, str]]] = WeakKeyDictionary()
"""Where somebody could make nothing."""

_LASTING: WeakKeyDictionary[TargetModel, dict[tuple[str, str], dict[str, str]]] = (
    WeakKeyDictionary()
)
"""What was made and nothing removes."""

_PLACES: WeakKeyDictionary[TargetModel, list[tuple[Operation, list[Words]]]] = WeakKeyDictionary()
"""Where one thing is read, and what it is called."""

_KEPT = {"account", "member", "customer", "client", "profile", "employee", "subject", "reader"}
"""Words of people that may as well be of things which people keep."""


@dataclass(slots=True)
class Filler:
    """Puts ids into requests in somebody's name. `other` is who is meant where one leads to
    somebody else; `nth` which of the things there are is named where any would do. `depth` bounds
    how many things are made for one another, and `above` are those that are being made."""

    model: TargetModel
    sessions: Sessions
    identity: Identity
    other: Identity | None = None
    nth: int = 0
    depth: int = DEPTH
    above: frozenset[str] = field(default_factory=frozenset)

    def filled(self, surface: Surface, turn: int = 0) -> Surface:
        """The surface with ids in its body and in its query, as far as there are any. People may
        be called in several ways: each `turn` by the next."""
        if not surface.operation.bodies and not surface.operation.parameters:
            return surface
        members = self.members(surface, surface.body(), turn)
        queries: dict[str, Any] = {}
        for reference in of_query(surface.operation)[:_MOST]:
            if (value := self._value(surface, reference, turn)) is not None:
                queries[reference.name] = value
        return surface.naming(members, queries) if members or queries else surface

    def members(self, surface: Surface, body: Any, turn: int = 0) -> dict[Path, Any]:
        """The ids for those members of a body that name things."""
        found: dict[Path, Any] = {}
        named = of_body(surface.operation, body)
        for reference in [r for r in named if not self._itself(surface, r)][:_MOST]:
            if (value := self._value(surface, reference, turn)) is not None:
                found[reference.path] = value
        return found

    def _itself(self, surface: Surface, reference: Reference) -> bool:
        """Whether it is the thing's own name: of what is made in a collection, or changed there."""
        template = surface.operation.template.rstrip("/")
        return not reference.towards and any(
            template in {item.template, item.template.rpartition("/")[0]}
            and set(reference.nouns[:1]) & names_of(item.template)
            for item in _homes(self.model, reference)
        )

    def _value(self, surface: Surface, reference: Reference, turn: int) -> Any:
        known = self._in_path(surface, reference)
        if known:
            return fitting(known, reference.schema)
        someone_else = reference.towards or (reference.called and self.other is not None)
        who = self.other if someone_else else self.identity
        if who is None:
            return None
        try:
            found = list(self._candidates(who, surface, reference))
        except CredentialError:
            return None
        called = [v for f in found if (v := fitting(f, reference.schema)) is not None]
        return called[min(turn, len(called) - 1)] if called else None

    def _candidates(self, who: Identity, surface: Surface, reference: Reference) -> Iterator[str]:
        """What may be named: a thing that somebody has, or himself, by whatever he is called."""
        about = {w for noun in reference.nouns[:1] for w in noun}
        person = not about or bool(about & set(PERSON))
        if not person or about & _KEPT:
            yield from self._thing(who, reference, set(surface.values.values()))
        if person and reference.sure:
            yield from _called(facts_of(self.sessions, who), reference)
        elif not list(_homes(self.model, reference)):
            if reference.sure:
                yield from self._beside(who, surface, reference)
            yield from self._known_by(who, surface, reference)

    def _in_path(self, surface: Surface, reference: Reference) -> str:
        """What the path says of the same name: the body only repeats it."""
        told = words(reference.name)
        same = (v for n, v in surface.values.items() if len(told) > 1 and words(n) == told)
        return next(same, "")

    def _thing(self, who: Identity, reference: Reference, taken: set[str]) -> Iterator[str]:
        """The id of a thing that somebody has, listed or made."""
        found = (self._of(who, item, taken) for item in _homes(self.model, reference)[:_MOST_HOMES])
        yield from [identifier for identifier in found if identifier][:1]

    def _of(self, who: Identity, item: Operation, taken: set[str]) -> str:
        """The id of a thing at an item's place; empty without one, and where all are people."""
        if item.template in self.above:
            return ""
        key = item.path_parameters[-1].name
        at = Vacancy(
            self.model, _open(self.model, item), self.sessions, who, self.depth, self.above
        )
        if at.surface.needs_values != (key,):
            return self._below(at, key)
        there, person = self._listed(at), facts_of(self.sessions, who).person
        ids = [found[key] for one in there if (found := values_in(one, (key,)))]
        if set(ids) & set(person) or _signs_in(self.model, at):
            return ""
        own = _owned(there, person)
        if not own and (made := self._made(at, key)):
            return made
        ids = [found[key] for one in own or there if (found := values_in(one, (key,)))]
        ids = [i for i in ids if i not in taken]
        return ids[self.nth % len(ids)] if ids else ""

    def _below(self, at: Vacancy, key: str) -> str:
        """As `_of`, where such things are listed and made below others."""
        place = (at.identity.name, at.item)
        known = self.sessions.made.get(place)
        if known is None:
            ready = at.resolved()
            known = {key: ready.values.get(key, "")} if ready is not None else {}
            self.sessions.made[place] = known
        return known.get(key, "")

    def _listed(self, at: Vacancy) -> list[Any]:
        """What is listed there, asked once a process."""
        known = _LISTED.setdefault(self.model, {})
        place = (at.identity.name, at.item)
        if place not in known:
            known[place] = []
            for lister in at.origins("GET"):
                answer = at.sent(lister)
                listed = things(answer.json_or_none(), _MOST_LISTED) if answer.ok else []
                found = [one for one in listed if not is_ours(one)]
                first = values_in(found[0], at.surface.needs_values) if found else {}
                if first and at.fits(lister, first):
                    known[place] = found
                    break
        return known[place]

    def _made(self, at: Vacancy, key: str) -> str:
        """A thing made for the purpose, which serves the rest of the check, and all others where
        it can't be removed; who may make none is not asked to again."""
        place, refused = (at.identity.name, at.item), _REFUSED.setdefault(self.model, set())
        if self.depth <= 0 or place in refused:
            return ""
        made = self.sessions.made
        if not any(Kind.RESOURCE_DELETE in o.kinds for o in _at(self.model, at.item)):
            made = _LASTING.setdefault(self.model, {})
        if place not in made:
            made[place] = created(at)
            if not made[place]:
                refused.add(place)
        return made[place].get(key, "")

    def _beside(self, who: Identity, surface: Surface, reference: Reference) -> Iterator[str]:
        """What somebody's things show under that name where the new one will be."""
        if len(reference.path) != 1 or surface.operation.method != "POST":
            return
        template, path = surface.operation.template, reference.path[0]
        for operation in self.model.operations:
            lister = self.model.surface(operation).with_values(surface.values)
            if operation.method != "GET" or operation.template != template or lister.needs_values:
                continue
            shown = (t.get(path) for t in self._shown(who, lister) if isinstance(t, dict))
            yield from [str(v) for v in shown if isinstance(v, str | int) and v != ""][:1]

    def _known_by(self, who: Identity, surface: Surface, reference: Reference) -> Iterator[str]:
        """What things that are listed anywhere are known by, under just that name."""
        own = surface.operation.template.rstrip("/")
        for operation in keyed(self.model.operations, reference)[:_MOST_HOMES]:
            if operation.kinds & _NOT_THINGS or operation.template.rstrip("/") == own:
                continue
            shown = self._shown(who, self.model.surface(operation))
            told = (key_in(thing, reference) for thing in shown[self.nth :])
            if found := [key for key in told if key]:
                yield from found[:_MOST_KEYS]
                return

    def _shown(self, who: Identity, lister: Surface) -> list[Any]:
        """What a listing shows somebody, asked once a process."""
        request = lister.request(auth=self.sessions.auth(who, lister))
        known, place = _LISTED.setdefault(self.model, {}), (who.name, request.path)
        if place not in known:
            answer = self.sessions.probe.send(request, who.name)
            listed = things(answer.json_or_none(), _MOST_LISTED) if answer.ok else []
            known[place] = [one for one in listed if not is_ours(one)]
        return known[place]


def filled(model: TargetModel, surface: Surface, sessions: Sessions, who: Identity) -> Surface:
    """The surface whose body and query name things of somebody's. Errors: as `Probe.send`."""
    return Filler(model, sessions, who).filled(surface)


def _called(facts: Facts, reference: Reference) -> list[str]:
    """What somebody may be named by in a member, the likeliest first."""
    if not reference.called:
        return list(facts.person)
    told = calls(reference.name)
    same = [text for name, text in facts.members.items() if calls(name) == told]
    alike = [t for t in facts.person if ("@" in t) == (told in {"mail", "email"})]
    return list(dict.fromkeys([*same, *alike, *facts.person]))


def fitting(text: Any, schema: Schema) -> Any:
    """An id as the schema wants it; None where it is none of that kind."""
    if not isinstance(text, str) or not text:
        return None
    if type_of(schema) in {"integer", "number"}:
        return int(text) if text.isdecimal() else None
    if schema.get("format") == "uuid":
        return text if len(text) == 36 else None
    return text


def _homes(model: TargetModel, reference: Reference) -> list[Operation]:
    """Reads of one thing of those that a reference may be about, the likeliest first."""
    if model not in _PLACES:
        _PLACES[model] = list(_places(model))
    found = [
        (item, [n for n in names if names_thing(reference, n)]) for item, names in _PLACES[model]
    ]
    exact = set(reference.nouns)
    ranked = sorted(
        ((item, names) for item, names in found if names),
        key=lambda pair: (not exact & set(pair[1]), pair[0].template.count("{"), pair[0].template),
    )
    return [item for item, _ in ranked]


def _places(model: TargetModel) -> Iterator[tuple[Operation, list[Words]]]:
    """Where one thing is read, and what it is called; where things are only listed or made, where
    it would be."""
    listed = [o for o in model.operations if not o.kinds & _NOT_THINGS]
    items: dict[str, Operation] = {}
    for operation in sorted(listed, key=lambda o: o.method != "GET"):
        if operation.template.rstrip("/").endswith("}"):
            items.setdefault(operation.template.rstrip("/"), operation)
    yield from ((operation, sorted(names_of(t))) for t, operation in items.items())
    bases = {template.rpartition("/")[0] for template in items}
    for operation in listed:
        template = operation.template.rstrip("/")
        name = called(template)
        if operation.method == "GET" and name and template not in bases:
            yield _item(operation), [name]


def _at(model: TargetModel, item: str) -> Iterator[Operation]:
    """The operations of one thing."""
    return (o for o in model.operations if o.template.rstrip("/") == item)


def _open(model: TargetModel, item: Operation) -> Surface:
    """The read of one thing, whatever its document has for an example in its path."""
    free = tuple(
        Parameter(p.name, p.place, p.required) if p.place == "path" else p for p in item.parameters
    )
    return replace(model.surface(replace(item, parameters=free)), values={})


def _signs_in(model: TargetModel, at: Vacancy) -> bool:
    """Whether what is made there are people who sign in."""
    return any(
        meaning.is_password(name, part)
        for maker in origins(model.operations, at.item, "POST")
        for name, part in properties(maker.body_schema).items()
    )


def _item(lister: Operation) -> Operation:
    """The read of one thing of a listing, where the document has none."""
    slot = Parameter("id", "path", True)
    template = f"{lister.template.rstrip('/')}/{{id}}"
    return replace(
        lister, name=f"GET {template}", template=template,
        parameters=(*lister.path_parameters, slot),
    )  # fmt: skip


def _owned(there: Sequence[Any], person: Sequence[str]) -> list[Any]:
    """Of what somebody is listed that which is his: what names him. What names nobody at all is
    taken for his."""
    named = [(one, facts_in(one).person) for one in there]
    his = [one for one, told in named if set(told) & set(person)]
    return his or [one for one, told in named if not told]
