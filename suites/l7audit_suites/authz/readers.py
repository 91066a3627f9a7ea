"""Those who may look at a thing and not change it."""

from __future__ import annotations

from collections.abc import Iterator

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import Thing, ask, keep_for_removal, made_things
from l7audit_suites.authz.told import named


def things_with_readers(check: Check) -> Iterator[tuple[Thing, Identity]]:
    """Things, each with somebody of another ordinary role who sees it and is refused to make one
    of its kind. Ends the check where roles don't differ."""
    ordinary, _ = by_role(check.identities, admin_roles(check))
    if len({one.role for one in ordinary}) < 2:
        check.not_applicable("The profile's ordinary identities have one role: none may less.")
    for thing in made_things(check, lambda f: not f.nested and not f.people):
        for one in ordinary:
            other = one.role != thing.owner.role and one.tenant == thing.owner.tenant
            if other and thing.shows(thing.view(check, one)) and _only_reads(check, thing, one):
                yield thing, one
                break


def _only_reads(check: Check, thing: Thing, one: Identity) -> bool:
    """Whether he is refused to make such a thing."""
    maker = thing.family.maker
    given = None if maker is None else marked(maker, new_marker())
    if maker is None or given is None:
        return False
    values = {} if thing.family.create else {thing.family.key: new_marker()}
    answer = ask(check, maker.with_values(values), one, **given)
    if answer.ok:
        key = values.get(thing.family.key) or named(answer, thing.family.key)
        if key:
            keep_for_removal(check, thing.called(key), one)
    return answer.refused
