"""Whether a refusal gives away that there is something to refuse."""

from __future__ import annotations

from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.surface import Surface
from l7audit_suites.authn.resemblance import differences
from l7audit_suites.authz.contents import passing, subject
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.things import Thing, ask


def unlike(one: Answer, other: Answer) -> bool:
    """Whether two looks at one thing differ in more than what passes by itself, as times do."""
    return bool(_lasting(one.json_or_none()) != _lasting(other.json_or_none()))


def altered(thing: Thing, one: Answer, other: Answer) -> bool:
    """As `unlike`, of the thing alone: a listing may change by what others do."""
    first, second = (subject(a.json_or_none(), thing.id, thing.family.key) for a in (one, other))
    return bool(_lasting(first) != _lasting(second))


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(item) for key, item in value.items() if not passing(str(key))}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def told_apart(
    check: Check, thing: Thing, surface: Surface, stranger: Identity
) -> tuple[Answer, Answer, list[str]] | None:
    """A stranger's answers for another's thing and for none, and how they differ.

    None where either was no refusal, so that there is nothing to compare, or where that for none
    speaks of the id's form, which says nothing of what is there. A third answer, for
    none once more, is the null pair: what differs between equals says nothing.
    """
    # A marker in the body makes the request valid; what is refused is never written.
    given = (marked(surface, new_marker()) or {}) if surface.operation.bodies else {}
    absent = [like(thing.id, check.random) for _ in range(2)]
    theirs = ask(check, thing.at(surface), stranger, **given)
    nobodys = ask(check, thing.at(surface), stranger, path={thing.family.key: absent[0]}, **given)
    if not (_refusal(theirs) and _refusal(nobodys)) or nobodys.status in {400, 422}:
        return None
    names = [thing.id, *absent]
    found = differences(theirs, nobodys, names)
    if found:
        null = ask(check, thing.at(surface), stranger, path={thing.family.key: absent[1]}, **given)
        noise = differences(nobodys, null, names)
        found = [d for d in found if d not in noise]
    return theirs, nobodys, found


def _refusal(answer: Answer) -> bool:
    return 400 <= (answer.status or 0) < 500 and not answer.throttled
