"""Things that everybody is shown, and below which people make their own: events, sailings."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.target.target_model import TargetModel
from l7audit.target.values import things, values_in
from l7audit_suites.authz.families import Family, listing, seen_families
from l7audit_suites.authz.people import Cast


def among_open(check: Check, family: Family) -> dict[str, str]:
    """The path's value for a thing that the public is shown, for what lies below it; empty where
    what lies above is somebody's, or where nothing is shown."""
    lister = listing(check.model, family.parent)
    known = {f.collection for f in seen_families(check.model)}
    if lister is None or not lister.operation.public or family.parent in known:
        return {}
    return _first(family, [check.send(lister.request())])


_SHARED: WeakKeyDictionary[TargetModel, dict[tuple[str, ...], dict[str, str]]] = WeakKeyDictionary()
"""What was found above each collection; asked once a process."""


def among_shared(check: Check, family: Family, cast: Cast) -> dict[str, str]:
    """The same for a thing that the owner and those beside him are shown alike, and that none of
    them can make; empty where there is none."""
    known = _SHARED.setdefault(check.model, {})
    people = [cast.owner, *cast.strangers]
    asked = (family.home, *(person.name for person in people))
    lister = listing(check.model, family.parent)
    if asked not in known and lister is not None and len(people) > 1:
        answers = [
            check.send(lister.request(check.sessions.auth(person, lister)), identity=person.name)
            for person in people
        ]
        known[asked] = _first(family, answers) if all(a.ok for a in answers) else {}
    return known.get(asked, {})


def _first(family: Family, answers: Sequence[Answer]) -> dict[str, str]:
    """The first thing that all of these listings name."""
    key = family.home[len(family.parent) + 2 :].partition("}")[0]
    named = [
        [v for t in things(a.json_or_none()) if (v := values_in(t, (key,)).get(key, ""))]
        for a in answers
    ]
    shared = (v for v in named[0] if all(v in others for others in named[1:])) if named else ()
    found = next(iter(shared), "")
    return {key: found} if found else {}
