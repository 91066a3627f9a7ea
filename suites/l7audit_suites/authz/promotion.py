"""Raising oneself: what sets the role of somebody, used by him on himself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.operation import Operation, is_json
from l7audit.target.persons import facts_of
from l7audit.target.schemas import Schema, alternative, properties, required, type_of
from l7audit.target.surface import Surface
from l7audit.target.values import things, values_in
from l7audit.target.words import says, words
from l7audit_suites.authz.contents import subject
from l7audit_suites.authz.people import POWER
from l7audit_suites.authz.power import ROLES, about_callers
from l7audit_suites.authz.test_objects import undecided
from l7audit_suites.authz.things import ask

_MOST_OPERATIONS = 3
_MOST_PLACES = 5


@dataclass(frozen=True, slots=True)
class _Standing:
    """What somebody is somewhere: `node` says it of him, read again by `look`."""

    look: Surface
    name: str
    key: str
    node: dict[str, Any]
    others: tuple[str, ...]

    def again(self, check: Check, one: Identity) -> dict[str, Any]:
        found = subject(ask(check, self.look, one).json_or_none(), self.name, self.key)
        return found if isinstance(found, dict) else {}


def raised(check: Check, one: Identity) -> int:
    """Expects that somebody without power gives himself none; how often that could be tried."""
    looked = 0
    for operation in [o for o in check.model.operations if _role_of(o)][:_MOST_OPERATIONS]:
        for surface in _places(check, operation, one):
            standing = _standing(check, surface, one)
            if standing is not None and _tried(check, surface, standing, one):
                looked += 1
                break
    return looked


def _role_of(operation: Operation) -> str:
    """The member of a change to somebody's entry that sets his role; empty where it is none."""
    change = operation.method in {"PUT", "PATCH"} and not operation.public
    if not change or not operation.template.rstrip("/").endswith("}"):
        return ""
    if not is_json(operation.media_type):
        return ""
    return next(
        (
            name
            for name, schema in properties(operation.json_schema).items()
            if says(words(name), *ROLES) and type_of(alternative(schema)) in {"string", ""}
        ),
        "",
    )


def _places(check: Check, operation: Operation, one: Identity) -> Iterator[Surface]:
    """The operation below each of the things above it that he sees."""
    surface = check.model.surface(operation)
    *above, _ = [p.name for p in operation.path_parameters]
    missing = [name for name in above if name in surface.needs_values]
    if not missing:
        yield surface
        return
    start = operation.template.partition("/{" + missing[0] + "}")[0]
    lister = next(
        (o for o in check.model.operations if (o.method, o.template.rstrip("/")) == ("GET", start)),
        None,
    )
    if lister is None or len(missing) > 1:
        return
    listed = ask(check, check.model.surface(lister).with_values(surface.values), one)
    for thing in things(listed.json_or_none())[:_MOST_PLACES] if listed.ok else []:
        if found := values_in(thing, (missing[0],)):
            yield surface.with_values(found)


def _standing(check: Check, surface: Surface, one: Identity) -> _Standing | None:
    """Where he is named there with a role that is none of power, and under which name."""
    key, role = surface.operation.path_parameters[-1].name, _role_of(surface.operation)
    names = facts_of(check.sessions, one).person
    for look in (*_looks(check, surface), *about_callers(check)):
        ready = look.with_values(surface.values)
        for name in names if key in ready.needs_values else names[:1]:
            try:
                answer = ask(check, ready.with_values({key: name}), one)
            except CredentialError:
                break
            found = _named(answer, names, key, role) if answer.ok else None
            if found is not None:
                return _Standing(ready.with_values({key: found[0]}), found[0], key, *found[1:])
    return None


def _looks(check: Check, surface: Surface) -> Iterator[Surface]:
    """Reads of the entry itself, and of the collection that it is in."""
    template = surface.operation.template.rstrip("/")
    for wanted in (template, template.rpartition("/")[0]):
        for operation in check.model.operations:
            if operation.method == "GET" and operation.template.rstrip("/") == wanted:
                yield check.model.surface(operation)


def _named(
    answer: Answer, names: tuple[str, ...], key: str, role: str
) -> tuple[str, dict[str, Any], tuple[str, ...]] | None:
    """By which name an answer tells of somebody's role, how, and which roles others have."""
    value = answer.json_or_none()
    for name in names:
        node = subject(value, name, key)
        held = node.get(role) if isinstance(node, dict) else None
        called = isinstance(node, dict) and name in map(str, node.values())
        if called and isinstance(held, str) and not says(words(held), *POWER):
            roles = (t.get(role) for t in things(value) if isinstance(t, dict))
            return name, node, tuple(r for r in roles if isinstance(r, str))
    return None


def _tried(check: Check, surface: Surface, standing: _Standing, one: Identity) -> bool:
    """Whether it could be tried that he takes a role of power; what he got he gives back."""
    role, schema = _role_of(surface.operation), surface.operation.json_schema
    held = standing.node[role]
    wanted = _wanted(properties(schema)[role], standing.others)
    needed = [n for n in required(schema) if n != role]
    if not wanted or any(n not in standing.node for n in needed):
        return False
    check.witness("he reads what he is", bool(standing.again(check, one)), once=True)
    body = {n: standing.node[n] for n in needed}
    own = surface.with_values({standing.key: standing.name})
    answer = ask(check, own, one, json={**body, role: wanted})
    if undecided(check, answer):
        return False
    risen = standing.again(check, one).get(role) == wanted
    if risen and not ask(check, own, one, json={**body, role: held}).ok:
        check.observe("The role that the caller gave himself could not be given back.", answer)
    check.expect(
        not risen,
        surface.place(f"body {role}"),
        f"A {one.role} who is a {held} makes himself {wanted}.",
        answer,
        expected="403 or 404, and the role as it was",
        seen=f"{answer.status}, and he reads that he is {wanted}",
    )
    return True


def _wanted(schema: Schema, others: tuple[str, ...]) -> str:
    """A role of power that is taken there, the last of the choices first: they rise."""
    choices = alternative(schema).get("enum")
    known = [c for c in choices if isinstance(c, str)] if isinstance(choices, list) else others
    return next((r for r in reversed(known) if says(words(r), *POWER)), "")
