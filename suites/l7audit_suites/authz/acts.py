"""Functions of power that change something: whether an ordinary caller's use of one has effect.

They are only done to what is the caller's own or stands in a listing, with values that differ from
those before, and are put back by who has the power. What ends, shuts or renames is never tried.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.compose import compose
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.values import things, values_in
from l7audit.target.words import all_words, says, words
from l7audit_suites.authz.existence import unlike
from l7audit_suites.authz.facts import PERSON, facts_of
from l7audit_suites.authz.things import ask

_ENDS = (
    "delete", "remove", "purge", "wipe", "reset", "restart", "shutdown", "shut down", "stop",
    "kill", "drop", "truncate", "restore", "migrate", "password", "logout", "revoke", "ban",
    "block", "lock", "suspend", "disable", "deactivate", "close", "rotate", "impersonate", "mail",
    "email", "notify", "broadcast", "deploy", "import", "retire", "key",
)  # fmt: skip
_MOST_WATCHED = 4
_MOST_TARGETS = 2


@dataclass(frozen=True, slots=True)
class Act:
    """A function of power, ready to be used on something, with reads that show what it does."""

    surface: Surface
    watched: tuple[tuple[Surface, Identity], ...] = field(default=())

    def looks(self, check: Check) -> list[Answer]:
        """What is there now."""
        return [ask(check, surface, who) for surface, who in self.watched]


def harmless(surface: Surface) -> bool:
    """Whether a function changes what can be changed back, and nobody's way in."""
    operation = surface.operation
    named = all_words([operation.name, operation.template, operation.told])
    return (
        operation.method in {"POST", "PUT", "PATCH"}
        and operation.media_type in {"", "application/json"}
        and not says(named, *_ENDS)
        and not surface.kinds & {Kind.RATE_POLICY, Kind.URL_TAKING, Kind.UPLOAD, Kind.COSTLY}
        and (bool(operation.path_parameters) or operation.method != "POST")
    )


def acts(check: Check, surface: Surface, person: Identity, one: Identity) -> Iterator[Act]:
    """The function on things that are there: the ordinary caller's own first."""
    for values in _targets(check, surface, person, one):
        ready = surface.with_values(values)
        if not ready.needs_values:
            yield Act(ready, tuple(_watched(check, ready, person, one)))


def _targets(
    check: Check, surface: Surface, person: Identity, one: Identity
) -> Iterator[dict[str, str]]:
    """Values for the path: of what the ordinary caller sees, himself, what the other sees."""
    names = surface.needs_values
    if not names:
        yield {}
        return
    if len(names) > 1:
        return
    name, count = names[0], 0
    if says(words(name), *PERSON):
        for text in facts_of(check, one).person[:_MOST_TARGETS]:
            yield {name: text}
    for who in (one, person):
        for lister in _listers(check, surface, name):
            answer = _asked(check, lister, who)
            listed = things(answer.json_or_none()) if answer is not None and answer.ok else []
            for thing in listed[:1]:
                if found := values_in(thing, (name,)).get(name):
                    count += 1
                    yield {name: found}
            if count >= _MOST_TARGETS:
                return


def _listers(check: Check, surface: Surface, name: str) -> Iterator[Surface]:
    """Listings without a path parameter of what the function is done to: its own folder, or
    another of the same name."""
    start = surface.operation.template.partition("{" + name + "}")[0].rstrip("/")
    called = {words(start.rpartition("/")[2])[-1:]}
    if words(name)[-1:] == ("id",):
        called.add(words(name)[-2:-1])
    operations = [
        o
        for o in check.model.operations
        if o.method == "GET"
        and not o.public
        and "{" not in o.template
        and words(o.template.rstrip("/").rpartition("/")[2])[-1:] in called
    ]
    for operation in sorted(operations, key=lambda o: o.template.rstrip("/") != start):
        yield check.model.surface(operation)


def _watched(
    check: Check, ready: Surface, person: Identity, one: Identity
) -> Iterator[tuple[Surface, Identity]]:
    """Reads of what the function is done to, by who may: at its own address, above it, of the
    same name elsewhere, and of its caller."""
    template = ready.operation.template.rstrip("/")
    names = [p.name for p in ready.operation.path_parameters]
    last = template.partition("/{")[0].rpartition("/")[2]
    count = 0
    for operation in check.model.operations:
        other = operation.template.rstrip("/")
        slots = [p.name for p in operation.path_parameters]
        about = (
            other == template
            or template.startswith(other + "/")
            or words(other.partition("/{")[0].rpartition("/")[2])[-1:] == words(last)[-1:]
            or (names and says(words(names[0]), *PERSON) and _about_oneself(operation.template))
        )
        if operation.method != "GET" or operation.public or not about or len(slots) > len(names):
            continue
        surface = check.model.surface(operation).with_values(
            {slot: ready.values[name] for slot, name in zip(slots, names, strict=False)}
        )
        for who in (person, one):
            answer = _asked(check, surface, who)
            if answer is not None and answer.ok:
                count += 1
                yield surface, who
                if other == template:
                    break
        if count >= _MOST_WATCHED:
            return


def _about_oneself(template: str) -> bool:
    return says(words(template), "me", "account", "profile", "self", "client", "whoami")


def _asked(check: Check, surface: Surface, who: Identity) -> Answer | None:
    try:
        return ask(check, surface, who)
    except CredentialError:
        return None


def bodies(surface: Surface, chance: random.Random) -> list[dict[str, Any] | None]:
    """Three valid bodies that differ from one another as far as the schema lets them."""
    schema = surface.operation.json_schema
    if not properties(schema):
        return [None, None, None]
    base = compose(schema, chance)
    return [
        {n: _other(properties(schema).get(n, {}), v, turn) for n, v in base.items()}
        for turn in range(1, 4)
    ]


def _other(schema: Schema, value: Any, turn: int) -> Any:
    schema = alternative(schema)
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[turn % len(choices)]
    if type_of(schema) in {"integer", "number"} and isinstance(value, int | float):
        most = schema.get("maximum")
        more = value + turn
        return more if not isinstance(most, int | float) or more <= most else value - turn
    plain = isinstance(value, str) and not {"pattern", "format", "const"} & schema.keys()
    return f"l7audit {turn}" if plain else value


def changed(before: list[Answer], after: list[Answer]) -> Answer | None:
    """The first look that differs from the one before it."""
    pairs = zip(before, after, strict=True)
    return next((b for a, b in pairs if a.ok and b.ok and unlike(a, b)), None)
