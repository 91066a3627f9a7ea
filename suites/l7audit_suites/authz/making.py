"""Requests that make a thing at a target that nobody has seen: from the plainest that its document
allows to ones that are like no other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.target.compose import compose, put, text
from l7audit.target.filling import Filler
from l7audit.target.operation import is_json
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.surface import Surface
from l7audit.target.words import words
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.markers import marked

Given = dict[str, Any]
_SHAPED = {"uuid", "email", "date", "date-time", "time", "uri", "url", "hostname", "ipv4", "ipv6"}


def attempts(
    check: Check, maker: Surface, who: Identity, marker: str, key: str = ""
) -> Iterator[Given]:
    """What `Surface.request` is given, the plainest first: with the marker where any text goes,
    and with ids of what is there; then with all else unlike what is there already, since names
    may have to be unique; then with everything that may be said. `key` names the made thing."""
    filler = Filler(check.model, check.sessions, who)
    maker = filler.filled(maker)
    operation = maker.operation
    given = marked(maker, marker) or {}
    if maker.queries:
        given["query"] = {**maker.queries, **given.get("query", {})}
    members = properties(operation.body_schema)
    if not members or not is_json(operation.media_type):
        yield (
            {**given, "fields": {**maker.named, **given["fields"]}} if "fields" in given else given
        )
        return
    body = maker.body()
    ours = {**given.pop("fields", {}), **maker.named}
    own = {n: varied(p, check.random) for n, p in members.items() if n in body and _names(n, key)}
    yield {**given, "fields": {**own, **ours}}
    unlike = {n: varied(members[n], check.random) for n in body if n in members}
    yield {**given, "fields": {**unlike, **ours}}
    rest = [n for n, p in members.items() if p.get("readOnly") is not True and n not in body]
    if rest:
        more = {n: varied(members[n], check.random) for n in rest}
        for path, value in filler.members(maker, more).items():
            more = put(more, path, value)
        yield {**given, "fields": {**unlike, **more, **ours}}


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


def _names(name: str, key: str) -> bool:
    """Whether a member is what the thing is named by in its path."""
    return bool(key) and words(name) == words(key)
