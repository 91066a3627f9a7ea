"""What a role may do: functions of power, and changes by those who may only read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Place
from l7audit.probe.answer import Answer
from l7audit.target.surface import Surface
from l7audit_suites.authz.changes import changes
from l7audit_suites.authz.existence import altered
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.readers import things_with_readers
from l7audit_suites.authz.test_objects import blind, undecided
from l7audit_suites.authz.things import Thing, ask


@pytest.mark.control("AUTHZ-11")
def test_who_may_only_read_changes_nothing_by_any_method(check: Check) -> None:
    looked = 0
    for thing, reader in things_with_readers(check):
        looked += untouched(check, thing, reader, f"by a {reader.role}")
    if not looked:
        check.inconclusive("Nothing was found that somebody may read and not change.")


def untouched(check: Check, thing: Thing, one: Identity, part: str) -> int:
    """Expects that somebody's PUT, PATCH, POST and DELETE on a thing leave it as it is."""
    looked, before = 0, thing.seen
    template = f"{thing.family.collection}/{{{thing.family.key}}}"
    for method in ("PATCH", "PUT", "POST", "DELETE"):
        answer = by_method(check, thing, one, method)
        if answer is None or undecided(check, answer):
            continue
        # What was refused outright is looked at together with the next that was not.
        seen = thing.view(check) if answer.ok or method == "DELETE" else before
        if blind(check, thing, seen):
            continue
        looked += 1
        check.expect(
            thing.shows(seen) and not altered(thing, before, seen),
            Place(operation=f"{method} {template}", part=part),
            f"A {one.role} who may not change it changes a thing by {method}.",
            answer,
            seen,
            expected="403, 404 or 405, and the thing as it was",
            seen=f"{answer.status}, and its owner finds it changed or gone",
        )
        before = seen
    return looked


def _given(thing: Thing, surface: Surface) -> dict[str, Any] | None:
    change = next(changes(thing, surface, thing.seen), None)
    return None if change is None else change.given


def by_method(check: Check, thing: Thing, one: Identity, method: str) -> Answer | None:
    """A request to the thing's own address by any method, documented or not."""
    family = thing.family
    known = {
        s.operation.method: s for s in (family.change, family.put, family.delete) if s is not None
    }
    surface = known.get(method)
    if surface is not None:
        given = {} if not surface.operation.bodies else _given(thing, surface)
        return None if given is None else ask(check, thing.at(surface), one, **given)
    pattern = family.change or family.create
    given = None if pattern is None else marked(pattern, new_marker())
    address = family.read or family.delete
    if address is None or pattern is None or given is None or "fields" not in given:
        return None
    request = thing.at(address).request(auth=check.sessions.auth(one, address))
    body = pattern.request(fields=given["fields"])
    request = replace(request, method=method, content=body.content)
    request = request.with_headers({"Content-Type": body.header("Content-Type") or ""})
    return check.send(request, identity=one.name)
