"""Writing a rule of the target again as it is: a change that leaves everything as it was."""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.target.schemas import properties
from l7audit.target.target_model import Surface
from l7audit.target.values import things, values_in
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask


def written_again(check: Check, surface: Surface) -> Answer | None:
    """The answer to a change to what is there already; None where nobody of us may."""
    start = surface.operation.template.partition("{")[0].rstrip("/")
    lister = next(
        (o for o in check.model.operations if o.method == "GET" and o.template == start), None
    )
    if lister is None:
        return None
    for who in by_role(check.identities, admin_roles(check))[1]:
        answer = ask(check, check.model.surface(lister), who)
        for thing in things(answer.json_or_none()) if answer.ok else []:
            values = values_in(thing, surface.needs_values) if surface.needs_values else {}
            members = properties(surface.operation.body_schema)
            value = {n: thing[n] for n in members if isinstance(thing, dict) and n in thing}
            if not value or len(values) < len(surface.needs_values):
                continue
            changed = ask(check, surface.with_values(values), who, json=value)
            if changed.ok:
                return changed
    return None
