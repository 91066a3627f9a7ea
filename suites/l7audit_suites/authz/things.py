"""Things that a check makes in somebody's name, marked, to see who else gets at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import Schema, properties
from l7audit.target.target_model import Surface
from l7audit.target.values import values_in
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast, casts

MOST_FAMILIES = 7


def ask(check: Check, surface: Surface, identity: Identity, **given: Any) -> Answer:
    """An operation called by an identity; `given` as `Surface.request` takes it."""
    auth = check.sessions.auth(identity, surface)
    return check.send(surface.request(auth=auth, **given), identity=identity.name)


def opened(surface: Surface, answer: Answer) -> bool:
    """Whether an answer is a success of the kind that the document declares, and not a refusal
    that only its body tells of."""
    body, declared = answer.json_or_none(), properties(surface.operation.answer_schema)
    if not answer.ok or not isinstance(body, dict) or not declared:
        return answer.ok
    return 2 * len(declared.keys() & body.keys()) >= len(body)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something made for the check. `values` fill the paths to it; `marker` is in its text;
    `made` and `seen` are the answers to its making and to its owner's first look at it."""

    family: Family
    cast: Cast
    owner: Identity
    values: Mapping[str, str]
    marker: str
    made: Answer = field(repr=False)
    seen: Answer = field(repr=False)

    @property
    def id(self) -> str:
        """What names it in paths."""
        return self.values[self.family.key]

    def called(self, identifier: str) -> Thing:
        """The same, with another id."""
        return replace(self, values={**self.values, self.family.key: identifier})

    def at(self, surface: Surface) -> Surface:
        """An operation on this thing."""
        return surface.with_values(self.values)

    def view(self, check: Check, identity: Identity | None = None) -> Answer:
        """How the thing looks to somebody, its owner unless another is given: by itself, or in
        its collection where it can't be read alone."""
        surface = self.family.read or self.family.list
        assert surface is not None  # `families` gives none without both
        return ask(check, self.at(surface), identity or self.owner)

    def listed(self, check: Check, identity: Identity) -> Answer | None:
        """The collection as somebody sees it; None where it can't be listed."""
        return None if self.family.list is None else ask(check, self.at(self.family.list), identity)

    def named_in(self, answer: Answer) -> bool:
        """Whether an answer names the thing at all."""
        return answer.ok and (self.id in answer.text or self.marker in answer.text)

    def shows(self, answer: Answer, marker: str = "") -> bool:
        """Whether an answer gives the thing's marked text away."""
        return answer.ok and (marker or self.marker) in answer.text


def make(check: Check, family: Family, cast: Cast, owner: Identity | None = None) -> Thing | None:
    """A thing of that family, made by the cast's owner (or by another) and removed in the end.

    None where he may not make one, or where what he made can't be known again.
    """
    who = owner or cast.owner
    above: Mapping[str, str] = {}
    if family.nested:
        parent = next((f for f in families(check.model) if f.collection == family.parent), None)
        made = None if parent is None else make(check, parent, cast, who)
        if made is None:
            return None
        above = made.values
    return make_below(check, family, cast, who, above)


def make_below(
    check: Check, family: Family, cast: Cast, who: Identity, above: Mapping[str, str]
) -> Thing | None:
    """As `make`, where the paths' upper part is known."""
    marker, maker = new_marker(), family.maker
    given = None if maker is None else marked(maker, marker)
    if maker is None or given is None:
        return None
    values = dict(above)
    if family.create is None:
        values[family.key] = marker
    answer = ask(check, maker.with_values(values), who, **given)
    if not answer.ok:
        return None
    learn_secrets(check, answer)
    if family.create is not None:
        found = named(answer, family.key)
        if not found:
            check.observe("What the check made can't be named, and may remain.", answer)
            return None
        values[family.key] = found
    thing = Thing(family, cast, who, values, marker, answer, answer)
    keep_for_removal(check, thing, who)
    thing = replace(thing, seen=thing.view(check))
    return thing if thing.shows(thing.seen) else None


def keep_for_removal(check: Check, thing: Thing, who: Identity) -> None:
    """Has the thing deleted at the check's end, in somebody's name."""
    delete = thing.family.delete
    assert delete is not None  # `families` gives none without
    surface = thing.at(delete)
    request = surface.request(auth=check.sessions.auth(who, surface))
    check.sessions.keep_for_removal(request, who.name)


def named(answer: Answer, key: str) -> str:
    """What an answer gives for a path parameter; empty where it gives nothing."""
    body = answer.json_or_none()
    inner = [v for v in body.values() if isinstance(v, dict)] if isinstance(body, dict) else []
    for thing in [body, *inner]:
        if found := values_in(thing, (key,)):
            return found[key]
    return ""


def learn_secrets(check: Check, answer: Answer) -> None:
    """New secrets in an answer must be written nowhere."""
    for name, text in _texts(answer.json_or_none()):
        if meaning.is_fresh_secret(name, Schema()) and len(text) >= 12:
            check.probe.redactor.learn(text)


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    level = [value]
    for _ in range(3):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                yield from ((str(k), v) for k, v in node.items() if isinstance(v, str))
                below += node.values()
        level = below


def without_people(family: Family) -> bool:
    """Leaves out what is slow to make, for checks to which any thing is as good."""
    return not family.people


def made_things(
    check: Check, wanted: Callable[[Family], bool] = lambda _: True, most: int = MOST_FAMILIES
) -> Iterator[Thing]:
    """A thing of each wanted family, made by the first cast whose owner may; the witness is that
    he sees it. Ends the check where there is none at all."""
    known = [family for family in families(check.model) if wanted(family)]
    if not known:
        check.not_applicable(
            "The target's document has no things of this kind that can be made and removed."
        )
    people, count = casts(check), 0
    for family in known[:most]:
        for cast in people:
            thing = make(check, family, cast)
            if thing is None:
                continue
            count += 1
            check.witness("the owner sees what he made", thing.seen, once=True)
            yield thing
            break
    if not count:
        check.inconclusive("No identity of the profile could make a thing that shows its mark.")
