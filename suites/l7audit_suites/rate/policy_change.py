"""Changing a rate policy through whatever operation the target has for it, and putting it back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.schemas import properties
from l7audit.target.surface import Surface
from l7audit.target.values import things, values_in
from l7audit_suites.rate.fields import Policy

_CAPACITY = re.compile(r"capacity|burst|quota|limit|max|requests", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Known:
    """A policy as the target lists it: how to change it, and the whole value it has now."""

    surface: Surface
    who: Identity
    field: str
    value: Mapping[str, Any]


def capacity_field(schema: dict[str, Any]) -> str:
    """The number in a policy's schema that says how much is allowed at once; empty without one."""
    numbers = [
        name
        for name, part in properties(schema).items()
        if part.get("type") in ("integer", "number") and _CAPACITY.search(name)
    ]
    return numbers[0] if numbers else ""


def found(check: Check, surface: Surface, policy: Policy) -> Known:
    """The listed policy that is the announced one. Ends the check where none of us may see it."""
    field = capacity_field(surface.operation.body_schema)
    if not field:
        check.inconclusive("The policy operation takes no number that looks like a capacity.")
    start = surface.operation.template.partition("{")[0].rstrip("/")
    lister = next(
        (o for o in check.model.operations if o.method == "GET" and o.template == start), None
    )
    if lister is None:
        check.inconclusive("The target lists no rate policies, so none can be chosen.")
    for who in reversed(check.identities):
        auth = check.sessions.auth(who)
        answer = check.send(check.model.surface(lister).request(auth=auth), identity=who.name)
        if not answer.ok:
            continue
        for thing in things(answer.json()):
            alike = isinstance(thing, dict) and thing.get(field) == policy.quota
            values = values_in(thing, surface.needs_values) if alike else {}
            if len(values) == len(surface.needs_values) and policy.name in thing.values():
                members = properties(surface.operation.body_schema)
                value = {n: thing[n] for n in members if n in thing}
                return Known(surface.with_values(values), who, field, value)
    check.inconclusive("None of the profile's identities sees the policy that is announced.")


@contextmanager
def tightened(check: Check, surface: Surface, policy: Policy) -> Iterator[tuple[Answer, int]]:
    """The target with that policy's capacity one less; yields the change's answer and capacity.

    The old value is written back at the end. Ends the check where nobody here may change it.
    """
    known = found(check, surface, policy)
    wanted = max(1, policy.quota - 1)
    auth = check.sessions.auth(known.who)

    def write(value: Mapping[str, Any]) -> Answer:
        return check.send(known.surface.request(auth=auth, json=value), identity=known.who.name)

    changed = write({**known.value, known.field: wanted})
    if not changed.ok:
        check.inconclusive(f"{known.who.name} may not change a rate policy ({changed.status}).")
    try:
        yield changed, wanted
    finally:
        write(known.value)
