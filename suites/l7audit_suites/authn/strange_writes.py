"""What a stranger's write really did, where its answer was no refusal.

A 2xx is no proof that anything happened: some services answer so and do nothing. Where writing is
allowed a member's thing is looked at before and after; else the answer's own content must speak.
"""

from __future__ import annotations

from dataclasses import dataclass

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Safety
from l7audit.probe.answer import Answer
from l7audit.target.likeness import says_nothing
from l7audit.target.target_model import Surface
from l7audit_suites.authz.existence import altered
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import Cast
from l7audit_suites.authz.things import Thing, ask, keep_for_removal, make, named


@dataclass(frozen=True, slots=True)
class Deed:
    """What came of a stranger's write, how sure that is, and the answers that show it."""

    done: bool
    confidence: Confidence
    answers: tuple[Answer, ...]
    seen: str


def deed(check: Check, write: Surface, harmless: Answer, member: Identity) -> Deed:
    """What a stranger's write does, given that its harmless form was answered like a success."""
    tried = _tried(check, write, member) if _may_write(check) else None
    if tried is not None:
        return tried
    sure = Confidence.WEAK if says_nothing(harmless) else Confidence.STRONG
    return Deed(True, sure, (harmless,), f"{harmless.status}")


def _may_write(check: Check) -> bool:
    return check.probe.scope.safety.rank >= Safety.INTRUSIVE.rank


def _tried(check: Check, write: Surface, member: Identity) -> Deed | None:
    """The write for real, on a thing of a member's own; None where none can be made."""
    operation = write.operation
    for family in families(check.model):
        makers = [s.operation for s in (family.create,) if s is not None]
        changers = [s.operation for s in (family.change, family.delete) if s is not None]
        if operation in changers:
            thing = make(check, family, Cast(member, None, None))
            return None if thing is None else _on(check, thing, write)
        if operation in makers and not family.nested:
            return _added(check, family, write, member)
    return None


def _on(check: Check, thing: Thing, write: Surface) -> Deed | None:
    given = (marked(write, new_marker()) or {}) if write.operation.bodies else {}
    answer = check.send(thing.at(write).request(**given))
    seen = thing.view(check)
    if seen.refused or seen.status is None or seen.status >= 500:
        return None  # who can't look can't tell
    kept = thing.shows(seen) and not altered(thing, thing.seen, seen)
    told = "as it was" if kept else "changed" if thing.shows(seen) else "gone"
    said = f"{answer.status}, and its owner finds it {told}"
    return Deed(not kept, Confidence.CONFIRMED, (answer, seen), said)


def _added(check: Check, family: Family, write: Surface, member: Identity) -> Deed | None:
    marker = new_marker()
    given = marked(write, marker)
    if given is None:
        return None
    answer = check.send(write.request(**given))
    key = named(answer, family.key) if answer.ok else ""
    if not key:
        return _listed(check, family, member, marker, answer)
    thing = Thing(family, Cast(member, None, None), member, {family.key: key}, marker, answer,
                  answer)  # fmt: skip
    keep_for_removal(check, thing, member)
    # A stranger's thing may be nobody's, so that no member sees it: its id is proof enough.
    return Deed(True, Confidence.CONFIRMED, (answer,), f"{answer.status}, with the id of a new one")


def _listed(
    check: Check, family: Family, member: Identity, marker: str, answer: Answer
) -> Deed | None:
    """Whether what a stranger sent turns up where a member looks."""
    if family.list is None or not answer.ok:
        return None if answer.ok else Deed(False, Confidence.CONFIRMED, (answer,), "")
    seen = ask(check, family.list, member)
    if not seen.ok:
        return None
    found = marker in seen.text
    return Deed(found, Confidence.CONFIRMED, (answer, seen), f"{answer.status}, and it is listed")
