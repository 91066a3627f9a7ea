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
from l7audit.target.filling import filled
from l7audit.target.operation import Operation, is_json
from l7audit.target.persons import PERSON, facts_in, facts_of
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.values import resolve, things, values_in
from l7audit.target.words import all_words, says, words
from l7audit_suites.authz.existence import unlike
from l7audit_suites.authz.things import ask

_ENDS = (
    "delete", "remove", "purge", "wipe", "reset", "restart", "shutdown", "shut down", "stop",
    "kill", "drop", "truncate", "restore", "migrate", "password", "logout", "revoke", "ban",
    "block", "lock", "suspend", "disable", "deactivate", "close", "rotate", "impersonate", "mail",
    "email", "notify", "broadcast", "deploy", "import", "retire", "key",
)  # fmt: skip
_MOST_WATCHED = 4
_MOST_TARGETS = 3
_FIXED = {"const", "default", "enum"}


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
    return (
        operation.method in {"POST", "PUT", "PATCH"}
        and (not operation.media_type or is_json(operation.media_type))
        and not ends_something(operation)
        and not surface.kinds & {Kind.RATE_POLICY, Kind.URL_TAKING, Kind.UPLOAD, Kind.COSTLY}
        and (bool(operation.path_parameters) or operation.method != "POST")
    )


def ends_something(operation: Operation) -> bool:
    """Whether an operation's words say that it ends, shuts or renames something, or tells people
    of it."""
    return says(all_words([operation.name, operation.template, operation.told]), *_ENDS)


def of_people(operation: Operation, name: str) -> bool:
    """Whether a path parameter names somebody: by its own words, or by what it stands below, as in
    `/members/{handle}`."""
    above = operation.template.partition("/{" + name + "}")[0].rpartition("/")[2]
    return says(words(name), *PERSON) or says(words(above)[-1:], *PERSON)


def acts(
    check: Check, surface: Surface, person: Identity, one: Identity, *, own: bool = True
) -> Iterator[Act]:
    """The function on things that are there: the ordinary caller's own first, or, unless `own`,
    only on those that do not name him."""
    for values in _targets(check, surface, person, one, own=own):
        ready = surface.with_values(values)
        if not ready.needs_values:
            ready = filled(check.model, ready, check.sessions, person)
            yield Act(ready, tuple(_watched(check, ready, person, one)))


def _targets(
    check: Check, surface: Surface, person: Identity, one: Identity, *, own: bool
) -> Iterator[dict[str, str]]:
    """Values for the path: of what the ordinary caller sees, himself, what the other sees."""
    himself = set() if own else set(facts_of(check.sessions, one).person)
    # An example names what was there when somebody wrote it.
    names = [p.name for p in surface.operation.path_parameters if not _FIXED & p.schema.keys()]
    if not names:
        yield {}
        return
    if len(names) > 1:
        made = None if not own else resolve(check.model, surface, check.sessions, one, own=True)
        if made is not None:
            yield dict(made.values)
        return
    name, told = names[0], set[str]()
    if own and of_people(surface.operation, name):
        for text in facts_of(check.sessions, one).under(name)[:_MOST_TARGETS]:
            yield {name: text}
    for who in (one, person):
        for lister in _listers(check, surface, name):
            answer = _asked(check, lister, who)
            listed = things(answer.json_or_none()) if answer is not None and answer.ok else []
            for thing in listed[:_MOST_TARGETS]:
                found = values_in(thing, (name,)).get(name, "")
                if himself & set(facts_in(thing).person):
                    continue
                if found and found not in told and len(told) < _MOST_TARGETS:
                    told.add(found)
                    yield {name: found}


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
        and "{" not in o.template
        and words(o.template.rstrip("/").rpartition("/")[2])[-1:] in called
    ]
    for operation in sorted(operations, key=lambda o: o.template.rstrip("/") != start):
        yield check.model.surface(operation)


def _watched(
    check: Check, ready: Surface, person: Identity, one: Identity
) -> Iterator[tuple[Surface, Identity]]:
    """Reads of what the function is done to, by who may, the nearest first: at its own address,
    above it, of the same name elsewhere, and of its caller. One thing's own read says enough, with
    one look elsewhere."""
    names = [p.name for p in ready.operation.path_parameters]
    left = _MOST_WATCHED
    for operation in _looks(check, ready.operation):
        slots = [p.name for p in operation.path_parameters]
        if len(slots) > len(names):
            continue
        surface = check.model.surface(operation).with_values(
            {slot: ready.values[name] for slot, name in zip(slots, names, strict=False)}
        )
        itself = operation.template.rstrip("/") == ready.operation.template.rstrip("/")
        for who in (person, one):
            answer = _asked(check, surface, who)
            if answer is not None and answer.ok:
                left -= 1
                yield surface, who
                if itself or slots:
                    break
        else:
            continue
        if len(slots) == len(names) and slots:
            left = min(left, 1)
        if left <= 0:
            return


def _looks(check: Check, acted: Operation) -> list[Operation]:
    """The reads that may show what an operation does, the nearest first."""
    template = acted.template.rstrip("/")
    last = words(template.partition("/{")[0].rpartition("/")[2])[-1:]
    people = any(of_people(acted, p.name) for p in acted.path_parameters[:1])

    def near(operation: Operation) -> int:
        other = operation.template.rstrip("/")
        if template == other or template.startswith(other + "/"):
            return len(template) - len(other)
        if people and _about_oneself(operation.template):
            return len(template) + 1
        same = words(other.partition("/{")[0].rpartition("/")[2])[-1:] == last
        return len(template) + 2 if same else -1

    ranked = [(near(o), o) for o in check.model.operations if o.method == "GET"]
    return [o for rank, o in sorted(ranked, key=lambda pair: pair[0]) if rank >= 0]


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
    base = {**compose(schema, chance), **surface.named}
    return [
        {
            n: v if n in surface.named else _other(properties(schema).get(n, {}), v, turn)
            for n, v in base.items()
        }
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
