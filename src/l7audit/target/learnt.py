"""What a target's own answers taught, put over what its document says.

Plain data that crosses process borders: learnt once a run (`manners.learn`), used by every check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from l7audit.model import Target
from l7audit.target.hints import identity_security
from l7audit.target.offers import as_operation
from l7audit.target.operation import Operation, is_json
from l7audit.target.pages import fresh
from l7audit.target.schemas import Schema
from l7audit.target.words import all_words, says

DEPTH = 5
MOST_MEMBERS = 60
_FORMATS = (
    ("uuid", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)),
    ("date-time", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("uri", re.compile(r"https?://\S{1,2000}")),
    ("email", re.compile(r"[^@\s]{1,100}@[^@\s]{1,100}\.[a-z]{2,20}", re.IGNORECASE)),
)
_ENTRANCES = (
    "login", "log in", "signin", "sign in", "register", "registration", "signup", "sign up",
    "token", "health", "healthz", "live", "ready", "ping", "status", "version", "metric",
    "openapi", "swagger", "doc", "public", "reset", "forgot", "recover", "verify", "activate",
    "webhook", "callback", "well", "jwk", "contact",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learnt:
    """`refusals` are signatures of how the target says no where its statuses don't; `protected`
    are operations (`GET /things`) that refuse strangers though the document calls them public;
    `answers` maps operations whose answers it does not describe to the schemas that were seen;
    `offers` maps templates to methods that it does not name, `forms` are operations that only
    pages tell of; `carried` is the header and the word before it in which tokens go, where that is
    not usual; `accounts` are what callers were shown as their own, by the template of the read."""

    refusals: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    answers: Mapping[str, Schema] = field(default_factory=dict)
    carried: tuple[str, str] | None = None
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    forms: tuple[Operation, ...] = ()
    accounts: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def applied(self, operations: Iterable[Operation], target: Target) -> list[Operation]:
        """The operations as they really are."""
        listed = list(operations)
        silent = not any(o.security for o in listed)
        roots = {_root(name.partition(" ")[2]) for name in self.protected} if silent else set()
        security = identity_security(target)
        found = []
        for operation in listed:
            name = str(operation.place)
            below = _root(operation.template) in roots and not _entrance(operation)
            if operation.public and (name in self.protected or below):
                operation = replace(operation, security=security)
            schema = self.answers.get(name)
            if schema is not None and not operation.answer_schema:
                operation = replace(operation, answers=_with(operation.answers, schema))
            found.append(operation)
        for template, methods in self.offers.items():
            found += filter(None, (as_operation(m, template, found) for m in methods))
        return [*found, *fresh(self.forms, found)]


def described(value: Any, depth: int = DEPTH) -> Schema:
    """A schema for a JSON value that was seen; nothing is required by having been there once."""
    if isinstance(value, dict) and depth > 0:
        members = list(value.items())[:MOST_MEMBERS]
        return {
            "type": "object",
            "properties": {str(n): described(v, depth - 1) for n, v in members},
        }
    if isinstance(value, list):
        first = next((v for v in value if v is not None), None)
        return {"type": "array", "items": described(first, depth - 1) if depth > 0 else {}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "integer" if isinstance(value, int) else "number"}
    if isinstance(value, str):
        form = next((name for name, shape in _FORMATS if shape.fullmatch(value[:2100])), "")
        return {"type": "string", "format": form} if form else {"type": "string"}
    return {}


def _root(template: str) -> str:
    """The first segment that names something: not a version, nor `api`."""
    for segment in template.split("/"):
        if segment and not segment.startswith("{") and not _PREFIX.fullmatch(segment):
            return segment
    return ""


_PREFIX = re.compile(r"api|rest|v\d+(\.\d+)?", re.IGNORECASE)


def _entrance(operation: Operation) -> bool:
    return says(all_words([operation.name, operation.template]), *_ENTRANCES)


def _with(
    answers: Mapping[str, Mapping[str, Schema]], schema: Schema
) -> dict[str, Mapping[str, Schema]]:
    """The declared answers with what a success was seen to hold, under the declared status."""
    status = next((s for s in sorted(answers) if s.startswith("2")), "200")
    declared = answers.get(status, {})
    media = next((m for m in declared if is_json(m)), "application/json")
    return {**answers, status: {**declared, media: schema}}
