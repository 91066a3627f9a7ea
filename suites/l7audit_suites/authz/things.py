"""Things that a check makes in somebody's name, marked, to see who else gets at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Identity, Place
from l7audit.probe.answer import Answer
from l7audit.target.filling import filled
from l7audit.target.schemas import properties
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import Surface, TargetModel
from l7audit.target.values import things, values_in
from l7audit_suites.authz.admitted import admitted, note
from l7audit_suites.authz.contents import holds, says_the_same, subject, tells
from l7audit_suites.authz.families import Family, families, seen_families
from l7audit_suites.authz.making import Given, attempts
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast, casts
from l7audit_suites.authz.shared_parents import among_open, among_shared
from l7audit_suites.authz.told import learn_secrets, named

MOST_FAMILIES = 7
_MOST_FOUND = 4


def ask(check: Check, surface: Surface, identity: Identity, **given: Any) -> Answer:
    """An operation called by an identity, naming what is his where it names things; `given` as
    `Surface.request` takes it."""
    if "json" not in given:
        surface = filled(check.model, surface, check.sessions, identity)
    auth = check.sessions.auth(identity, surface)
    answer = check.send(surface.request(auth=auth, **given), identity=identity.name)
    if not given:
        note(check, surface, identity, answer)
    return answer


def opens(check: Check, surface: Surface, identity: Identity) -> bool:
    """Whether a plain read is open to somebody, which is asked once a process."""
    known = admitted(check, surface, identity)
    return ask(check, surface, identity).ok if known is None else known


def refuses(check: Check, surface: Surface, identity: Identity) -> bool:
    """Whether a plain read is refused to somebody, which is asked once a process."""
    known = admitted(check, surface, identity)
    return ask(check, surface, identity).refused if known is None else not known


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
    `made` and `seen` are the answers to its making and to its owner's first look at it; `above`
    is the thing that it lies below, if any.

    Where nothing takes a marker it is empty, and the thing is known by its id and what it says.
    Something may also be `found`: then `made` is the listing it was found in. `around` are the
    values of the path to where it was made or found, if they are not among `values`.
    """

    family: Family
    cast: Cast
    owner: Identity
    values: Mapping[str, str]
    marker: str
    made: Answer = field(repr=False)
    seen: Answer = field(repr=False)
    above: Thing | None = None
    found: bool = False
    around: Mapping[str, str] = field(default_factory=dict)

    @property
    def upper(self) -> Mapping[str, str]:
        """The values of the path to where such things are made and listed."""
        rest = {name: value for name, value in self.values.items() if name != self.family.key}
        return {**rest, **self.around}

    @property
    def id(self) -> str:
        """What names it in paths."""
        return self.values[self.family.key]

    def called(self, identifier: str) -> Thing:
        """The same, with another id."""
        return replace(self, values={**self.values, self.family.key: identifier})

    def at(self, surface: Surface) -> Surface:
        """An operation on this thing, or on those beside it. The same word in a path may name
        something else where it was made, as `{id}` often does."""
        home = self.family.home
        there = home != self.family.collection and surface.operation.template.startswith(home)
        return surface.with_values(self.upper if there else self.values)

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
        if not answer.ok:
            return False
        return bool(self.marker and self.marker in answer.text) or self.listed_in(answer)

    def listed_in(self, answer: Answer) -> bool:
        """Whether an answer holds the thing's id, as that of a thing."""
        return answer.ok and holds(answer.json_or_none(), answer.text, self.id, self.family.key)

    def shows(self, answer: Answer, marker: str = "") -> bool:
        """Whether an answer gives the thing's marked text away, or what was found of it."""
        if not (marker or self.marker):
            same = says_the_same(
                answer.json_or_none(), self.seen.json_or_none(), self.id, self.family.key
            )
            return answer.ok and same
        return answer.ok and (marker or self.marker) in answer.text


def make(check: Check, family: Family, cast: Cast, owner: Identity | None = None) -> Thing | None:
    """A thing of that family, made by the cast's owner (or by another) and removed in the end.

    None where he may not make one, or where what he made can't be known again.
    """
    found = (_make(check, f, cast, owner or cast.owner) for f in family.alternatives)
    return next(filter(None, found), None)


def _make(check: Check, family: Family, cast: Cast, who: Identity) -> Thing | None:
    above = None
    if family.parent and (values := among_open(check, family)):
        return make_below(check, family, cast, who, values)
    if family.parent:
        above = _above(check, family, cast, who, made_or_found)
        if above is None:
            values = among_shared(check, family, cast)
            return make_below(check, family, cast, who, values) if values else None
    return make_below(check, family, cast, who, above.values if above else {}, above)


_FOUND_ABOVE: WeakKeyDictionary[Sessions, dict[tuple[str, ...], Thing]] = WeakKeyDictionary()
"""What each check found that people have already, for all that lies below it."""


def _above(
    check: Check,
    family: Family,
    cast: Cast,
    who: Identity,
    got: Callable[[Check, Family, Cast, Identity], Thing | None],
) -> Thing | None:
    """The thing that things of a family lie below, as it is `got`; one that was found serves the
    rest of the check."""
    known = _FOUND_ABOVE.setdefault(check.sessions, {})
    key = (family.parent, who.name, *(i.name for i in (cast.owner, *cast.strangers)))
    if key in known:
        return known[key]
    parent = next((f for f in seen_families(check.model) if f.collection == family.parent), None)
    thing = None if parent is None else got(check, parent, cast, who)
    if thing is not None and thing.found:
        known[key] = thing
    return thing


def make_below(
    check: Check,
    family: Family,
    cast: Cast,
    who: Identity,
    values: Mapping[str, str],
    above: Thing | None = None,
) -> Thing | None:
    """As `make`, where the paths' upper part is known."""
    marker, maker = new_marker(), family.maker
    if maker is None:
        return None
    known = dict(values)
    if family.create is None:
        known[family.key] = marker
    marks = marked(maker, marker) is not None
    if not marks and family.create is None:
        return None
    sent = made_by(check, maker.with_values(known), who, marker, family.key)
    if sent is None or not sent.ok:
        return None
    learn_secrets(check, sent)
    if family.create is not None:
        found = named(sent, family.key)
        if not found:
            check.observe("What the check made can't be named, and may remain.", sent)
            return None
        known[family.key] = found
    thing = Thing(
        family, cast, who, known, marker if marks else "", sent, sent, above, around=values
    )
    keep_for_removal(check, thing, who)
    thing = replace(thing, seen=thing.view(check))
    shown = thing.shows(thing.seen)
    if not shown and marks and tells(thing.seen.json_or_none(), thing.id, family.key):
        thing = replace(thing, marker="")  # it keeps what was sent to itself
        shown = thing.seen.ok
    return thing if shown else None


def made_by(
    check: Check, maker: Surface, who: Identity, marker: str, key: str = ""
) -> Answer | None:
    """The answer to the first attempt at making something that is taken, or else to the last.
    What is not about the input ends the attempts."""
    answer: Answer | None = None
    told: list[Given] = []
    if may_not_make(check, maker, who):
        return None
    for given in attempts(check, maker, who, marker, key):
        if given in told:
            continue
        told.append(given)
        answer = ask(check, maker, who, **given)
        if answer.ok or answer.status not in {400, 409, 422}:
            break
    if answer is not None:
        heard(check, maker, who, answer)
    return answer


_MAY_NOT: WeakKeyDictionary[TargetModel, set[tuple[Place, str]]] = WeakKeyDictionary()
"""Where somebody was refused to make anything in this process."""


def may_not_make(check: Check, maker: Surface, who: Identity) -> bool:
    """Whether somebody was refused to make something there already."""
    return (maker.place(), who.name) in _MAY_NOT.get(check.model, ())


def heard(check: Check, maker: Surface, who: Identity, answer: Answer) -> None:
    """Keeps that somebody was refused, where that hangs on himself and not on what lies above."""
    if answer.status in {401, 403} and not maker.operation.path_parameters:
        _MAY_NOT.setdefault(check.model, set()).add((maker.place(), who.name))


def made_or_found(
    check: Check, family: Family, cast: Cast, owner: Identity | None = None
) -> Thing | None:
    """A thing that is made and removed; else one that somebody has already; else one that is made
    and stays, since nobody can remove it."""
    thing = make(check, family, cast, owner) if family.delete and family.maker else None
    thing = thing or find(check, family, cast, owner)
    return thing or (make(check, family, cast, owner) if not family.delete else None)


def find(check: Check, family: Family, cast: Cast, owner: Identity | None = None) -> Thing | None:
    """A thing that the owner has already: in his listing and in nobody else's, and with something
    in it that tells it from others. What lies below such a thing is his by that, whoever else is
    shown it. None where there is none."""
    found = (_found(check, f, cast, owner or cast.owner) for f in family.alternatives)
    return next(filter(None, found), None)


_FOUND: WeakKeyDictionary[TargetModel, dict[tuple[str, ...], Thing | None]] = WeakKeyDictionary()
"""What was found in this process, by whose it is and from whom it is hidden; None for nothing."""


def _found(check: Check, family: Family, cast: Cast, who: Identity) -> Thing | None:
    """As `_find`; what was found before is only looked at again, and where there was nothing, there
    is nothing still: what a check makes it removes."""
    known = _FOUND.setdefault(check.model, {})
    key = (family.collection, who.name, *(i.name for i in (cast.owner, *cast.strangers)))
    if family.parent or key not in known:
        thing, sure = _find(check, family, cast, who)
        if sure and not family.parent:
            known[key] = thing
        return thing
    thing = known[key]
    if thing is None:
        return None
    seen = thing.view(check)
    if seen.ok and tells(seen.json_or_none(), thing.id, family.key):
        return replace(thing, seen=seen)
    del known[key]
    return _find(check, family, cast, who)[0]


def _find(check: Check, family: Family, cast: Cast, who: Identity) -> tuple[Thing | None, bool]:
    """The thing, and whether all were heard who had to be asked for it."""
    above = None
    if family.list is None:
        return None, True
    upper = among_open(check, family) if family.parent else {}
    if family.parent and not upper:
        above = _above(check, family, cast, who, find)
        upper = dict(above.values) if above is not None else among_shared(check, family, cast)
        if not upper:
            return None, False
    lister = family.list.with_values(upper)
    own = ask(check, lister, who)
    if not own.ok:
        return None, own.refused
    others = [
        ask(check, lister, i)
        for i in (cast.owner, *cast.strangers)
        if i is not who and above is None
    ]
    for one in things(own.json_or_none())[:_MOST_FOUND]:
        identifier = values_in(one, (family.key,)).get(family.key, "")
        if not identifier or any(
            holds(o.json_or_none(), o.text, identifier, family.key) for o in others if o.ok
        ):
            continue
        values = {**upper, family.key: identifier}
        thing = Thing(family, cast, who, values, "", own, own, above, found=True, around=upper)
        seen = thing.view(check)
        if seen.ok and tells(seen.json_or_none(), identifier, family.key):
            return replace(thing, seen=seen), True
    return None, all(o.ok or o.refused for o in others)


def keep_for_removal(check: Check, thing: Thing, who: Identity) -> None:
    """Has the thing deleted at the check's end, in somebody's name, where that can be done."""
    if thing.family.delete is None or thing.found:
        return
    surface = thing.at(thing.family.delete)
    request = surface.request(auth=check.sessions.auth(who, surface))
    check.sessions.keep_for_removal(request, who.name)


def put_back(check: Check, thing: Thing) -> None:
    """Has the owner of something that was found write again what it said before."""
    change = thing.family.change
    before = subject(thing.seen.json_or_none(), thing.id, thing.family.key)
    if change is None or not isinstance(before, dict):
        return
    takes = properties(change.operation.json_schema)
    said = {n: v for n, v in before.items() if n in takes}
    given = "json" if change.operation.method == "PATCH" else "fields"
    answer = ask(check, thing.at(change), thing.owner, **{given: said})
    if not answer.ok:
        check.observe("What was changed for the check could not be put back.", answer)


def without_people(family: Family) -> bool:
    """Leaves out what is slow to make, for checks to which any thing is as good."""
    return not family.people


def made_things(
    check: Check,
    wanted: Callable[[Family], bool] = lambda _: True,
    most: int = MOST_FAMILIES,
    *,
    found: bool = False,
    lasting: bool = False,
) -> Iterator[Thing]:
    """A thing of each wanted family, made by the first cast whose owner may; the witness is that
    he sees it. Ends the check where there is none at all.

    With `found`, things that people have already stand in for those that can't be made here; with
    `lasting`, things are made, too, that nobody can remove, as orders often are.
    """
    listed = seen_families(check.model) if found or lasting else families(check.model)
    known = [family for family in listed if wanted(family)]
    if not known:
        check.not_applicable(
            "The target's document has no things of this kind that can be made and removed."
        )
    people, count = casts(check), 0
    for family in known[:most]:
        for cast in people:
            thing = (made_or_found if found else make)(check, family, cast)
            if thing is None:
                continue
            count += 1
            check.witness("the owner sees what is his", thing.seen, once=True)
            yield thing
            break
    if not count:
        check.inconclusive("No identity of the profile could make a thing that shows its mark.")
