"""What a stranger's write really did, where its answer was no refusal.

A 2xx is no proof that anything happened: some services answer so and do nothing; and a 4xx may be
about ids that nothing has. Where writing is allowed a member's thing is made, written to by nobody,
and looked at before and after; else the answer's own content must speak.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.likeness import says_nothing
from l7audit.target.target_model import Surface, TargetModel
from l7audit_suites.authn.kept import at, lies_at, may_write
from l7audit_suites.authz.existence import altered, unlike
from l7audit_suites.authz.families import Family, seen_families
from l7audit_suites.authz.making import attempts
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast
from l7audit_suites.authz.things import (
    Thing,
    ask,
    keep_for_removal,
    made_by,
    made_or_found,
    make,
)
from l7audit_suites.authz.told import named

CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
_ABOUT_INPUT = {400, 404, 409, 422}


@dataclass(frozen=True, slots=True)
class Deed:
    """What came of a stranger's write, how sure that is, and the answers that show it."""

    done: bool
    confidence: Confidence
    answers: tuple[Answer, ...]
    seen: str


@dataclass(slots=True)
class Deeds:
    """Writes by nobody, on things that the first of `members` who may has made for them."""

    check: Check
    members: Sequence[Identity]
    _made: dict[str, Thing | None] = field(default_factory=dict)

    def of(self, write: Surface, harmless: Answer | None) -> Deed | None:
        """What a stranger's write does; `harmless` is the answer to it with a body of the wrong
        shape, if that was sent. None where nobody can tell."""
        tried = self._tried(write) if may_write(self.check) else None
        if tried is not None or harmless is None or not harmless.ok:
            return tried
        sure = Confidence.WEAK if says_nothing(harmless) else Confidence.STRONG
        return Deed(True, sure, (harmless,), f"{harmless.status}")

    def called_public(self) -> Iterator[tuple[Surface, Deed]]:
        """What strangers do to members' things by writes that the document itself calls public: one
        whose guard was forgotten is often written down so."""
        for family in seen_families(self.check.model) if may_write(self.check) else []:
            writes = list(public_writes(self.check.model, family)) if family.maker else []
            for write in writes:
                thing = self._thing(family)
                if thing is None:
                    break
                did = self._on(family, at(thing, write))
                if did is not None:
                    # Anybody may vote or answer; nobody changes or deletes what is another's.
                    acts = write.operation.method == "POST"
                    yield write, replace(did, confidence=Confidence.WEAK) if acts else did

    def _tried(self, write: Surface) -> Deed | None:
        """The write for real; None where nothing can be made that it is about."""
        operation = write.operation
        for family in seen_families(self.check.model):
            if family.create is not None and operation == family.create.operation:
                return self._added(family, write)
            acts = [s.operation for s in family.below if Kind.URL_TAKING not in s.kinds]
            if operation in _changers(family) or operation in acts:
                return self._on(family, write)
        return None if write.needs_values or not operation.bodies else self._plain(write)

    def _plain(self, write: Surface) -> Deed | None:
        """The write with a body that its document allows, where nothing shows what it did."""
        answer = self.check.send(write.request())
        if not answer.ok and not answer.refused:
            return None
        sure = Confidence.WEAK if says_nothing(answer) else Confidence.STRONG
        return Deed(answer.ok, sure, (answer,), f"{answer.status}")

    def _thing(self, family: Family) -> Thing | None:
        """A thing of the family that nobody has touched yet."""
        if self._made.get(family.collection) is None:
            tries = (self._by(family, one) for one in self.members)
            self._made[family.collection] = next(filter(None, tries), None)
        return self._made[family.collection]

    def _by(self, family: Family, one: Identity) -> Thing | None:
        try:
            return make(self.check, family, Cast(one, None, None))
        except CredentialError:
            return None

    def _on(self, family: Family, write: Surface) -> Deed | None:
        thing = self._thing(family)
        if thing is None:
            return None
        check, marker = self.check, new_marker()
        given = (marked(write, marker) or {}) if write.operation.bodies else {}
        before, told = thing.view(check), _told_there(check, thing, write)
        answer = check.send(thing.at(write).request(**given))
        if answer.refused:
            return Deed(False, Confidence.CONFIRMED, (answer,), "")
        seen = thing.view(check)
        if seen.refused or seen.status is None or seen.status >= 500:
            return None  # who can't look can't tell
        there = _told_there(check, thing, write)
        shown = thing.shows(seen) or marker in seen.text
        # What changes by itself, as the state of a job does, tells nothing of a stranger.
        steady = answer.ok and not altered(thing, thing.seen, before)
        acted = marker in seen.text or (steady and altered(thing, before, seen))
        added = told is not None and there is not None and answer.ok and unlike(told, there)
        if acted or added or not shown:
            del self._made[family.collection]
            fate = "changed" if shown else "gone"
            said = f"{answer.status}, and its owner finds it {fate}"
            shows = there if added and there is not None else seen
            return Deed(True, Confidence.CONFIRMED, (answer, shows), said)
        return self._kept_out(thing, write, answer, seen)

    def _kept_out(self, thing: Thing, write: Surface, answer: Answer, seen: Answer) -> Deed | None:
        """Whether it was about who asked that a stranger's write did nothing: its owner may."""
        if (answer.status or 500) >= 500 or answer.throttled:
            return None
        nothing = Deed(False, Confidence.CONFIRMED, (answer, seen), "")
        if answer.ok and write.operation in _changers(thing.family):
            return nothing
        given = (marked(write, new_marker()) or {}) if write.operation.bodies else {}
        own = ask(self.check, thing.at(write), thing.owner, **given)
        self._made.pop(thing.family.collection, None)
        if not own.ok:
            return None
        return None if answer.ok else nothing

    def _added(self, family: Family, write: Surface) -> Deed | None:
        """What a stranger makes, as a member would, and below what is a member's."""
        for member in self.members:
            above = self._above(family, member)
            if above is None:
                continue
            surface = write.with_values(above)
            marker = new_marker()
            answer = self._sent(family, surface, member, marker)
            if answer is None or answer.refused:
                return None if answer is None else Deed(False, Confidence.CONFIRMED, (answer,), "")
            key = named(answer, family.key) if answer.ok else ""
            if key:
                thing = Thing(family, Cast(member, None, None), member, {**above, family.key: key},
                              marker, answer, answer)  # fmt: skip
                keep_for_removal(self.check, thing, member)
                # A stranger's thing may be nobody's, so that no member sees it: its id is proof.
                said = f"{answer.status}, with the id of a new one"
                return Deed(True, Confidence.CONFIRMED, (answer,), said)
            return self._listed(family, surface, member, marker, answer)
        return None

    def _above(self, family: Family, member: Identity) -> dict[str, str] | None:
        """The values of the paths to where such things are made; None where there is no such."""
        if not family.parent:
            return {}
        families = seen_families(self.check.model)
        parent = next((f for f in families if f.collection == family.parent), None)
        cast = Cast(member, None, None)
        try:
            above = None if parent is None else made_or_found(self.check, parent, cast, member)
        except CredentialError:
            return None
        return None if above is None else dict(above.values)

    def _sent(
        self, family: Family, surface: Surface, member: Identity, marker: str
    ) -> Answer | None:
        """The answer to a stranger who sends what a member would."""
        answer: Answer | None = None
        for given in attempts(self.check, surface, member, marker, family.key):
            answer = self.check.send(surface.request(**given))
            if answer.ok or answer.status not in _ABOUT_INPUT:
                break
        return answer

    def _listed(
        self, family: Family, surface: Surface, member: Identity, marker: str, answer: Answer
    ) -> Deed | None:
        """Whether what a stranger sent turns up where a member looks; or whether a member may."""
        if answer.ok and family.list is not None:
            seen = ask(self.check, family.list.with_values(surface.values), member)
            found = marker in seen.text
            said = f"{answer.status}, and it is listed"
            return Deed(found, Confidence.CONFIRMED, (answer, seen), said) if seen.ok else None
        if answer.ok or (answer.status or 500) >= 500 or answer.throttled:
            return None
        good = made_by(self.check, surface, member, new_marker(), family.key)
        if good is None or not good.ok:
            return None
        key = named(good, family.key)
        if key:
            values = {**surface.values, family.key: key}
            thing = Thing(family, Cast(member, None, None), member, values, "", good, good)
            keep_for_removal(self.check, thing, member)
        return Deed(False, Confidence.CONFIRMED, (answer,), "")


def public_writes(model: TargetModel, family: Family) -> Iterator[Surface]:
    """Writes of one thing of a family, or right below it, that ask for no credential; what deletes
    comes last."""
    item = [*family.collection.strip("/").split("/"), "{" + family.key + "}"]
    found = [
        o
        for o in model.operations
        if o.public
        and o.method in CHANGES
        and not o.kinds & {Kind.URL_TAKING, Kind.LOGIN, Kind.RESET}
        and lies_at(o, item)
    ]
    yield from map(model.surface, sorted(found, key=lambda o: o.method == "DELETE"))


def _changers(family: Family) -> list[object]:
    return [s.operation for s in (family.change, family.delete) if s is not None]


def _told_there(check: Check, thing: Thing, write: Surface) -> Answer | None:
    """What the owner reads at the address of an action; None where nothing is read there."""
    template = write.operation.template
    view = next((v for v in thing.family.views if v.operation.template == template), None)
    return None if view is None else ask(check, thing.at(view), thing.owner)
