"""Members of an answer that its schema does not declare and whose names say that they are inner.

Pure. An extra that means nothing to an attacker is none of these: documents lag behind answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.words import says, words
from l7audit_suites.expose.secret_forms import secret_name

PRIVATE = (
    "email", "e mail", "mail", "phone", "mobile", "birth", "birthday", "ssn", "social security",
    "tax id", "iban", "card number", "passport", "home address", "street", "salary",
)  # fmt: skip
INNER = (
    "internal", "debug", "stack trace", "sql", "row", "ip address", "client ip", "remote ip",
    "last ip", "user agent", "last login", "fraud", "risk", "margin", "permission", "is admin",
    "tenant id", "deleted at", "disabled at", "login attempt", "failed login", "embedding",
    "digest of key", "lookup",
)  # fmt: skip


def sensitive(name: str) -> bool:
    """Whether a member of that name is private, inner or secret."""
    return secret_name(name) or says(words(name), *PRIVATE, *INNER)


def undeclared(value: Any, schema: Schema, path: str = "", depth: int = 6) -> Iterator[str]:
    """The paths of sensitive members that hold something and that nobody declared."""
    if not depth:
        return
    if isinstance(value, list):
        items = alternative(schema).get("items")
        for part in value[:50]:
            yield from undeclared(part, items if isinstance(items, dict) else {}, path, depth - 1)
        return
    declared = properties(schema)
    if not isinstance(value, dict) or not declared or _open(schema):
        return
    for name, part in value.items():
        told = f"{path}.{name}".lstrip(".")
        if name in declared:
            yield from undeclared(part, declared[name], told, depth - 1)
        elif sensitive(name) and _says_something(part):
            yield told


def _open(schema: Schema) -> bool:
    more = alternative(schema).get("additionalProperties")
    return type_of(schema) == "object" and (more is True or (isinstance(more, dict) and bool(more)))


def _says_something(value: Any) -> bool:
    """Texts, lists and objects do; a flag or a count seldom gives anything away."""
    return isinstance(value, str | list | dict) and bool(value)
