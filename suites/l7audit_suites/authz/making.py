"""Requests that make a thing at a target that nobody has seen: from the plainest that its document
allows to ones that are like no other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.target.compose import compose, text
from l7audit.target.operation import Operation, is_json
from l7audit.target.schemas import Schema, alternative, properties, required, type_of
from l7audit.target.surface import Surface
from l7audit.target.values import things, values_in
from l7audit.target.words import Words, says, words
from l7audit_suites.authz.families import seen_families
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.markers import marked

Given = dict[str, Any]
_NAMING = {"id", "ref", "uuid", "guid", "key", "code", "slug", "number"}
_SHAPED = {"uuid", "email", "date", "date-time", "time", "uri", "url", "hostname", "ipv4", "ipv6"}
_OWN = (*_NAMING, "name", "title", "label", "type", "kind", "text", "note", "date", "amount")
_MOST_REFERENCES = 4


def attempts(
    check: Check, maker: Surface, who: Identity, marker: str, key: str = ""
) -> Iterator[Given]:
    """What `Surface.request` is given, the plainest first: with the marker where any text goes,
    and with ids of what is there; then with all else unlike what is there already, since names
    may have to be unique; then with everything that may be said. `key` names the made thing."""
    operation = maker.operation
    given = marked(maker, marker) or {}
    members = properties(operation.body_schema)
    if not members or not is_json(operation.media_type):
        yield given
        return
    body = maker.body()
    ours = {**given.pop("fields", {}), **references(check, maker, who, key)}
    own = {n: varied(p, check.random) for n, p in members.items() if n in body and _names(n, key)}
    yield {**given, "fields": {**own, **ours}}
    unlike = {n: varied(members[n], check.random) for n in body if n in members}
    yield {**given, "fields": {**unlike, **ours}}
    rest = [n for n, p in members.items() if p.get("readOnly") is not True and n not in body]
    if rest:
        whole = {**unlike, **{n: varied(members[n], check.random) for n in rest}}
        yield {**given, "fields": {**whole, **ours}}


def varied(schema: Schema, chance: random.Random) -> Any:
    """A value for a member that is unlike any that was sent before, where its schema allows."""
    schema = alternative(schema)
    said = {"const", "enum"} & schema.keys()
    if type_of(schema) not in {"string", ""} or said:
        return compose(schema, chance)
    if schema.get("pattern") or schema.get("format") in _SHAPED:
        return text(schema, chance)
    example = schema.get("example") or next(iter(schema.get("examples") or []), None)
    return like(example, chance) if isinstance(example, str) else text(schema, chance)


def references(check: Check, maker: Surface, who: Identity, key: str) -> dict[str, Any]:
    """Members that name another thing, with the id of one that the maker sees: never one that
    the path names already, since few things refer to themselves, and never the new thing's own
    name."""
    schema = maker.operation.body_schema
    needed = [n for n in required(schema) if n in properties(schema)]
    found: dict[str, Any] = {}
    for name in [n for n in needed if not _names(n, key)][:16]:
        part = alternative(properties(schema)[name])
        many = type_of(part) == "array"
        one = alternative(part.get("items") or {}) if many else part
        if type_of(one) not in {"string", "integer", ""} or "enum" in one or "const" in one:
            continue
        taken = {*maker.values.values(), *map(str, found.values())}
        noun = _noun(name)
        identifier = _known(check, noun, who, taken) if noun else ""
        if identifier:
            value = int(identifier) if _counted(one, identifier) else identifier
            found[name] = [value] if many else value
        if len(found) >= _MOST_REFERENCES:
            break
    return found


def _counted(schema: Schema, identifier: str) -> bool:
    return type_of(schema) == "integer" and identifier.isdecimal()


def _names(name: str, key: str) -> bool:
    """Whether a member is what the thing is named by in its path."""
    return bool(key) and words(name) == words(key)


def _noun(name: str) -> Words:
    """What a member is an id of; empty where it says nothing of another thing."""
    told = words(name)
    told = told[:-1] if len(told) > 1 and told[-1] in _NAMING else told
    return () if says(told[-1:], *_OWN) else told


def _known(check: Check, noun: Words, who: Identity, taken: set[str]) -> str:
    """The id of a thing called so that somebody sees; empty where none is known."""
    for lister, key in _listers(check, noun):
        surface = check.model.surface(lister)
        try:
            auth = check.sessions.auth(who, surface)
        except CredentialError:
            continue
        answer = check.send(surface.request(auth=auth), identity=who.name)
        for one in things(answer.json_or_none()) if answer.ok else []:
            identifier = values_in(one, (key,)).get(key, "")
            if identifier and identifier not in taken:
                return identifier
    return ""


def _listers(check: Check, noun: Words) -> Iterator[tuple[Operation, str]]:
    """Plain listings of things that are called by the noun, or named in paths by it."""
    for family in seen_families(check.model):
        named = _noun(family.key)
        about = family.called[-1:] == noun[-1:] or named == noun or words(family.key) == noun
        if about and family.list is not None and not family.list.operation.path_parameters:
            yield family.list.operation, family.key
    for operation in check.model.operations:
        last = words(operation.template.rstrip("/").rpartition("/")[2])
        plain = operation.method == "GET" and "{" not in operation.template
        if plain and last and last[-1:] == noun[-1:]:
            yield operation, "id"
