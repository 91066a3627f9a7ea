"""Groups: whoever is none of theirs lets himself in by naming himself to those who list members.

That he is listed there may be no more than a wish that somebody has to grant: what he is shown from
then on tells, or that he stands there as the others do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity
from l7audit.probe.answer import Answer
from l7audit.target.filling import filled
from l7audit.target.operation import Operation
from l7audit.target.persons import PERSON, calls, facts_of
from l7audit.target.references import Reference, of_body
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.values import things
from l7audit.target.words import says, words
from l7audit_suites.authz.families import Family
from l7audit_suites.authz.test_objects import missing_owner, relation, undecided, who
from l7audit_suites.authz.things import Thing, ask

_MOST = 2
_NOTHING = 404
_ASKED_FOR = (
    "request", "requested", "pending", "invited", "invite", "applied", "applicant", "waiting",
    "proposed", "unconfirmed", "candidate", "waitlist",
)  # fmt: skip


def joinings(model: TargetModel, family: Family) -> list[Surface]:
    """Operations of one thing that let somebody in: who is named in their body, or in their path
    where somebody is put."""
    found = [model.surface(o) for o in model.operations if _right_below(family, o)]
    return [s for s in found if _named_there(s)][:_MOST]


def _right_below(family: Family, operation: Operation) -> bool:
    """Whether an operation adds to what lies right below a thing, without being a thing's own."""
    start, template = f"{family.collection}/{{{family.key}}}/", operation.template.rstrip("/")
    below = [s for s in template.removeprefix(start).split("/") if s]
    slots = [s for s in below if s.startswith("{")]
    fits = len(below) == 1 + len(slots) and slots == below[1:]
    counts = {"POST": 0, "PUT": 1}
    return template.startswith(start) and fits and counts.get(operation.method) == len(slots)


def _named_there(surface: Surface) -> str:
    """The member or the path's parameter that names who is let in; empty without one."""
    operation = surface.operation
    if operation.method == "PUT":
        slot = operation.path_parameters[-1].name if operation.path_parameters else ""
        return slot if says(words(slot), *PERSON) or calls(slot) else ""
    found = of_body(operation, surface.body())
    return next((str(r.path[0]) for r in found if len(r.path) == 1 and _a_person(r)), "")


def _a_person(reference: Reference) -> bool:
    of_one = reference.sure and any(says(noun, *PERSON) for noun in reference.nouns)
    return not reference.towards and (reference.called or of_one)


def lets_in(check: Check, thing: Thing, surface: Surface, stranger: Identity) -> int:
    """Expects that a stranger who may not look at a thing does not let himself in."""
    reads = list(_reads(thing, surface))
    closed = [r for r in reads if _is_closed(ask(check, r, stranger))]
    ready, himself = _naming(check, thing, surface, stranger)
    if not closed or not himself:
        return 0
    listed = _listed(check, thing, surface)
    answer = ask(check, ready, stranger)
    if undecided(check, answer):
        return 0
    open_now: Answer | None = None
    members: Answer | None = None
    if answer.ok:
        _taken_out(check, thing, surface, himself)
        open_now = next((a for r in closed if (a := ask(check, r, stranger)).ok), None)
        members = _listed(check, thing, surface)
    stands = _stands(listed, members, himself)
    check.expect(
        open_now is None and not stands,
        surface.place(relation(thing, stranger)),
        f"{who(thing, stranger)} lets himself into what is another's.",
        answer,
        *[a for a in (open_now, members) if a is not None],
        expected="404 or 403, and nobody let in",
        seen="he is shown from then on what he was refused before"
        if open_now is not None
        else "its owner finds him among those who belong to it",
        confidence=Confidence.CONFIRMED if open_now is not None else Confidence.STRONG,
        cause=missing_owner(surface),
    )
    return 1


def _is_closed(answer: Answer) -> bool:
    return answer.refused or answer.status == _NOTHING


def _naming(
    check: Check, thing: Thing, surface: Surface, stranger: Identity
) -> tuple[Surface, str]:
    """The operation on the thing, naming the stranger, and what he is called there."""
    ready, name = thing.at(surface), _named_there(surface)
    if surface.operation.method == "PUT":
        himself = next(iter(facts_of(check.sessions, stranger).under(name)), "")
        return ready.with_values({name: himself}), himself
    ready = filled(check.model, ready, check.sessions, stranger)
    return ready, str(ready.members.get((name,), ""))


def _reads(thing: Thing, surface: Surface) -> Iterator[Surface]:
    """What shows who belongs to a thing, and the thing itself."""
    if (lister := _lister(thing, surface)) is not None:
        yield thing.at(lister)
    if thing.family.read is not None:
        yield thing.at(thing.family.read)


def _listed(check: Check, thing: Thing, surface: Surface) -> Answer | None:
    """Who belongs to a thing, as its owner reads it; None where nothing tells."""
    lister = _lister(thing, surface)
    return None if lister is None else ask(check, thing.at(lister), thing.owner)


def _lister(thing: Thing, surface: Surface) -> Surface | None:
    template = _place(surface)
    return next((v for v in thing.family.views if v.operation.template == template), None)


def _place(surface: Surface) -> str:
    """Where those who belong to a thing are listed."""
    template = surface.operation.template.rstrip("/")
    return template.rpartition("/")[0] if template.endswith("}") else template


def _stands(before: Answer | None, after: Answer | None, himself: str) -> bool:
    """Whether somebody is among those who are listed, and was not before, and as no applicant."""
    if before is None or after is None or not before.ok or not after.ok or not himself:
        return False
    return _entry(before, himself) is None and _belongs(_entry(after, himself))


def _entry(answer: Answer, himself: str) -> Any:
    listed = things(answer.json_or_none(), 200)
    return next((t for t in listed if himself in _texts(t)), None)


def _belongs(entry: Any) -> bool:
    return entry is not None and not any(says(words(t), *_ASKED_FOR) for t in _texts(entry))


def _texts(entry: Any) -> list[str]:
    values = entry.values() if isinstance(entry, dict) else [entry]
    return [str(v) for v in values if isinstance(v, str | int) and not isinstance(v, bool)]


def _taken_out(check: Check, thing: Thing, surface: Surface, himself: str) -> None:
    """Has the owner take him out again at the check's end, where that can be done."""
    start = f"{_place(surface)}/{{"
    for operation in check.model.operations:
        if operation.method == "DELETE" and operation.template.startswith(start):
            name = operation.path_parameters[-1].name
            remover = thing.at(check.model.surface(operation)).with_values({name: himself})
            auth = check.sessions.auth(thing.owner, remover)
            check.sessions.keep_for_removal(remover.request(auth), thing.owner.name)
            return
