"""Payloads that interpreters compute: given to all texts of an operation at once, told apart where
they were refused or computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.input.baselines import baselines, taking
from l7audit_suites.input.ground import Made, Workshop, ask_all
from l7audit_suites.input.hunt import misfits
from l7audit_suites.input.inlets import Inlet, planting
from l7audit_suites.input.joining import joined, together
from l7audit_suites.input.likeness import spoken
from l7audit_suites.input.markers import Marker, Polyglot
from l7audit_suites.input.signs import refused_signs, refuses_signs, within

COMPUTED = "what was sent, as it was sent, or a refusal"


@dataclass(frozen=True, slots=True)
class _Opening:
    """Texts of one operation that are given the same; of a thing that is made, in its `room`."""

    inlets: tuple[Inlet, ...]
    room: Workshop | None = None

    @property
    def place(self) -> Place:
        first = self.inlets[0]
        return first.place if len(self.inlets) == 1 else first.surface.place()

    @property
    def one_by_one(self) -> list[_Opening]:
        return [replace(self, inlets=(inlet,)) for inlet in self.inlets]

    def request(self, marker: Marker, form: str) -> Request:
        """The request with a marker in that form; one that is alone keeps its usual value."""
        if self.room is not None:
            texts = [marker.payload(form)] * len(self.inlets)
            return planting(self.room, self.inlets, texts)
        return together(self.inlets, [marker.payload(form, i.plain or "lq") for i in self.inlets])

    def kept(self, answer: Answer) -> Made:
        """What was made, to be removed at the check's end."""
        if self.room is not None:
            return self.room.keep(answer)
        return Made(self.inlets[0].kept(answer), {})

    def shows(self, made: Made) -> Request | None:
        """The request that shows again what was made."""
        return self.room.shows(made) if self.room is not None else None


@dataclass(frozen=True, slots=True)
class _Given:
    """A form of payload that an opening was given, the answer, and those answers that hold what
    only computing it gives."""

    opening: _Opening
    form: str
    answer: Answer
    computed: list[Answer]

    @property
    def refused(self) -> bool:
        """Whether it was turned away for what it is."""
        return misfits(self.answer) and not self.computed

    def covers(self, opening: _Opening, form: str) -> bool:
        """Whether a form needs not be sent to an opening that refused this one."""
        return opening.place == self.opening.place and within(_sent(self.form), _sent(form))

    @property
    def open(self) -> bool:
        """Whether this says nothing of the single texts: refused, or seen in one of several."""
        return bool(self.computed) or not self.answer.ok


def _sent(form: str) -> str:
    """What is sent in that form, with factors that are always the same."""
    return Marker(32_000, 32_000).payload(form)


def compute_nothing(
    check: Check,
    inlets: Sequence[Inlet],
    rooms: Sequence[Workshop],
    forms: Sequence[Polyglot],
    what: str,
) -> int:
    """Expects that no answer to a payload in an inlet, and no thing that was made with one, holds
    what only computing it gives; answers how many payloads were taken.

    All texts of an operation that take a word are given each polyglot at once. Text by text it is
    tried where the whole is refused or gives itself away, and piece by piece where that is refused.
    """
    known = zip(inlets, baselines(check, inlets), strict=True)
    openings = [_Opening(tuple(g)) for g in joined([i for i, t in known if t.taken or t.broke])]
    openings += [o for room in rooms for o in _of_room(room)]
    whole = [(o, p) for o in openings for p in forms]
    first = _plainest_first(check, [(o, p.whole) for o, p in whole])
    single = [
        (one, p)
        for (o, p), given in zip(whole, first, strict=True)
        if len(o.inlets) > 1 and given.open
        for one in o.one_by_one
    ]
    second = _plainest_first(check, [(o, p.whole) for o, p in single])
    for given in (*first, *second):
        if given.refused and len(given.opening.inlets) == 1:
            refused_signs(given.opening.inlets[0])
    covered = [given for given in (*first, *second) if given.refused]
    refused = [
        (o, piece)
        for (o, p), given in zip([*whole, *single], [*first, *second], strict=True)
        if len(o.inlets) == 1 and not given.answer.ok and not given.computed
        for piece in p.pieces
        if not any(c.covers(o, piece) for c in covered)
    ]
    told = [*second, *_given(check, refused)]
    guilty = {given.opening.inlets[0].surface.place() for given in told if given.computed}
    for given in [*first, *told]:
        if len(given.opening.inlets) > 1 and given.opening.place in guilty:
            continue  # the text is named by its own answer
        check.expect(
            not given.computed,
            given.opening.place,
            what,
            given.answer,
            *(a for a in given.computed if a is not given.answer),
            expected=COMPUTED,
            seen="the product of two random numbers that were sent as factors",
        )
    return sum(given.answer.ok for given in [*first, *told])


def _of_room(room: Workshop) -> list[_Opening]:
    """All texts of a thing at once; by itself whatever was seen to refuse signs."""
    found = taking(room)
    alone = [i for i in found if refuses_signs(i)]
    others = tuple(i for i in found if i not in alone)
    return [_Opening(group, room) for group in (others, *((i,) for i in alone)) if group]


def _plainest_first(check: Check, tried: Sequence[tuple[_Opening, str]]) -> list[_Given]:
    """As `_given`, first the form with the fewest signs: the refusal of it stands for that of all
    that hold the same signs and more."""
    plainest: dict[Place, str] = {}
    for opening, form in tried:
        plainest[opening.place] = min(plainest.get(opening.place, form), form, key=len)
    now = [(o, f) for o, f in tried if plainest[o.place] == f]
    known = _given(check, now)
    covers = [given for given in known if given.refused]
    later = [
        (o, f) for o, f in tried if (o, f) not in now and not any(c.covers(o, f) for c in covers)
    ]
    known += _given(check, later)
    found = []
    for opening, form in tried:
        given = next((g for g in known if g.opening is opening and g.form == form), None)
        if given is None:
            stands = next(c for c in covers if c.covers(opening, form))
            given = replace(stands, opening=opening, form=form)
        found.append(given)
    return found


def _given(check: Check, tried: Sequence[tuple[_Opening, str]]) -> list[_Given]:
    """What was answered to fresh markers, and to reading again what was made of them."""
    markers = [Marker.random(check.random) for _ in tried]
    requests = [o.request(m, form) for (o, form), m in zip(tried, markers, strict=True)]
    answers = ask_all(check, requests)
    made = [o.kept(answer) for (o, _), answer in zip(tried, answers, strict=True)]
    reads = [o.shows(m) for (o, _), m in zip(tried, made, strict=True)]
    shown = iter(ask_all(check, [request for request in reads if request is not None]))
    found = []
    for (opening, form), m, marker, read in zip(tried, made, markers, reads, strict=True):
        seen = [m.answer, *([next(shown)] if read is not None else [])]
        computed = [a for a in seen if marker.computed(spoken(a))]
        found.append(_Given(opening, form, m.answer, computed))
    return found
