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
from l7audit_suites.input.inlets import Inlet, planting
from l7audit_suites.input.joining import joined, together
from l7audit_suites.input.likeness import spoken
from l7audit_suites.input.markers import Marker, Polyglot

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
    def open(self) -> bool:
        """Whether this says nothing of the single texts: refused, or seen in one of several."""
        return bool(self.computed) or not self.answer.ok


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
    openings += [_Opening(tuple(found), room) for room in rooms if (found := taking(room))]
    whole = [(o, p) for o in openings for p in forms]
    first = _given(check, [(o, p.whole) for o, p in whole])
    single = [
        (one, p)
        for (o, p), given in zip(whole, first, strict=True)
        if len(o.inlets) > 1 and given.open
        for one in o.one_by_one
    ]
    second = _given(check, [(o, p.whole) for o, p in single])
    refused = [
        (o, piece)
        for (o, p), given in zip([*whole, *single], [*first, *second], strict=True)
        if len(o.inlets) == 1 and not given.answer.ok and not given.computed
        for piece in p.pieces
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
