"""Words of our own, put into what a check makes, so that it is known wherever it turns up."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from l7audit.target import meaning
from l7audit.target.operation import MULTIPART, is_json
from l7audit.target.patterns import admits
from l7audit.target.schemas import Schema, properties, required, type_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words

_FREE = (
    "title", "name", "label", "subject", "text", "content", "body", "description", "note",
    "message", "comment", "summary", "caption", "instruction",
)  # fmt: skip
_BOUND = (
    "id", "ref", "uuid", "guid", "role", "type", "kind", "status", "state", "tier", "plan", "lang",
    "language", "locale", "currency", "country", "timezone", "zone", "date", "time", "format",
    "mode", "model", "version", "color", "colour", "username", "login", "email", "mail", "phone",
    "scope", "permission", "cursor", "sort", "order", "tenant", "method", "event", "mime",
)  # fmt: skip


def new_marker() -> str:
    """A word that nothing else on the target can hold: 21 lower-case letters and digits."""
    return f"l7audit{secrets.token_hex(7)}"


def text_fields(schema: Schema, named: Collection[str] = ()) -> list[str]:
    """The members of an object that take any text, but for those that name other things: all that
    must be there, else the likeliest."""
    members = [name for name in free_texts(schema) if name not in named]
    needed = [name for name in required(schema) if name in members]
    likely = [n for phrase in _FREE for n in members if says(words(n), phrase)]
    return needed or list(dict.fromkeys([*likely, *members]))[:1]


def free_texts(schema: Schema) -> list[str]:
    """The members of an object that take any text, and are none of its ids, names to sign in by or
    secrets."""
    return [n for n, part in properties(schema).items() if _is_free(n, part)]


def _is_free(name: str, schema: Schema) -> bool:
    longest, pattern = schema.get("maxLength"), schema.get("pattern")
    return (
        type_of(schema) == "string"
        and not any(key in schema for key in ("enum", "const", "format", "readOnly"))
        and not says(words(name), *_BOUND)
        and not meaning.is_password(name, schema)
        and not meaning.is_token(name, schema)
        and not says(words(name), "secret", "key")
        and not meaning.takes_url(name, schema)
        and (not isinstance(longest, int) or longest >= len(new_marker()))
        and (not isinstance(pattern, str) or admits(pattern, new_marker()) is not False)
    )


def marked(surface: Surface, marker: str) -> dict[str, Any] | None:
    """What `Surface.request` is given so that the marker goes in; None where nothing takes it.

    Into the text members of a JSON body or a form, else into its file, else into a body of plain
    text; and into the text parameters of the query that must be there.
    """
    operation = surface.operation
    query = {
        p.name: marker
        for p in operation.parameters
        if p.place == "query" and p.required and _is_free(p.name, p.schema)
        if p.name not in surface.queries
    }
    given: dict[str, Any] = {"query": query} if query else {}
    names = text_fields(operation.body_schema, {str(path[0]) for path in surface.members})
    media = operation.media_type
    if names:
        given["fields"] = dict.fromkeys(names, marker)
    elif media == MULTIPART and (files := _files(operation.body_schema)):
        given["fields"] = dict.fromkeys(files, marker)
    elif (
        media and not properties(operation.body_schema) and type_of(operation.body_schema) in _FLAT
    ):
        plain = next((m for m in operation.bodies if m.startswith("text/plain")), media)
        if not is_json(plain):
            given.update(content=marker.encode(), media_type=plain)
    return given or None


def _files(schema: Schema) -> list[str]:
    """The members of a form that are files."""
    return [n for n, part in properties(schema).items() if meaning.is_form_file(part)][:1]


_FLAT = {"", "string"}
