"""Operations that only a target's own pages tell of: where their forms go and what they send, and
links that carry parameters. Pages are read as the hostile texts that they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from l7audit.target.forms import Field, is_forgery_token, read
from l7audit.target.operation import FORM, MULTIPART, Operation, Parameter, Requirement
from l7audit.target.schemas import Schema
from l7audit.target.words import says, words

MOST_FOUND = 12
"""The most operations that are taken from pages."""

_ENDS = ("logout", "log out", "signout", "sign out", "delete", "remove", "unsubscribe", "cancel")
_ID = re.compile(r"\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FILE = re.compile(r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|woff2?|ttf|pdf|zip)$")
_PRESSED = {"submit", "button", "image", "reset"}
_TYPES: dict[str, Schema] = {
    "number": {"type": "integer"},
    "range": {"type": "integer"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "date": {"type": "string", "format": "date"},
    "password": {"type": "string", "format": "password"},
    "file": {"type": "string", "format": "binary"},
}

Security = tuple[tuple[Requirement, ...], ...]


def local(page: str, reference: str) -> str:
    """Where a reference of the page at this path leads, as a request target on the same host;
    empty for anything else, and for what ends a session or a thing."""
    try:
        parts = urlsplit(urljoin(f"http://here{page}", reference.strip()))
    except ValueError:
        return ""
    ends = says(words(unquote(parts.path)), *_ENDS)
    if (parts.scheme, parts.netloc) != ("http", "here") or ends or _FILE.search(parts.path.lower()):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def links(text: str, page: str) -> list[str]:
    """The paths of other pages that a page links to, in its order."""
    found = (local(page, href) for tag, _, href in read(text).links if tag == "a")
    return list(dict.fromkeys(path.partition("?")[0] for path in found if path))


def operations_in(text: str, page: str, security: Security) -> Iterator[Operation]:
    """What the forms and the links with parameters of a page at this path call."""
    content = read(text)
    for method, action, fields in content.forms:
        target = local(page, action or page)
        sent = [f for f in fields if f.kind not in _PRESSED]
        if target and sent and method in {"GET", "POST"}:
            yield _operation(method, target, sent, security)
    for tag, _, href in content.links:
        target = local(page, href) if tag == "a" else ""
        if "?" in target:
            yield _operation("GET", target, [], security)


def fresh(found: Iterable[Operation], known: Iterable[Operation]) -> tuple[Operation, ...]:
    """Those that are not known: of another method, or at a path of no known template."""
    patterns = [(o.method, _pattern(o.template)) for o in known]
    new = {
        (o.method, o.template): o
        for o in found
        if not any(m == o.method and p.fullmatch(o.template) for m, p in patterns)
    }
    return tuple(new.values())[:MOST_FOUND]


def _operation(method: str, target: str, fields: list[Field], security: Security) -> Operation:
    path, _, query = target.partition("?")
    template, slots = _slotted(path)
    given = [(n, v) for n, v in parse_qsl(query, keep_blank_values=True)][:20]
    parameters = [Parameter(n, "path", True, {"type": "string", "example": v}) for n, v in slots]
    parameters += [Parameter(n, "query", False, _said({"type": "string"}, v)) for n, v in given]
    members = {f.name: _schema(f) for f in fields}
    if method == "GET":
        parameters += [Parameter(n, "query", False, s) for n, s in members.items()]
    media = MULTIPART if any(f.kind == "file" for f in fields) else FORM
    body = {"type": "object", "properties": members, "required": list(members)}
    return Operation(
        name=f"{method} {template}",
        method=method,
        template=template,
        parameters=tuple({(p.place, p.name): p for p in parameters}.values()),
        bodies={media: body} if method == "POST" else {},
        body_required=method == "POST",
        security=security,
        learnt=True,
    )


def _slotted(path: str) -> tuple[str, list[tuple[str, str]]]:
    """The path with a parameter for each segment that is a number or a UUID, and what it held."""
    slots: list[tuple[str, str]] = []
    segments = []
    for segment in path.split("/"):
        if _ID.fullmatch(segment):
            slots.append((f"id{len(slots) + 1 if slots else ''}", segment))
            segment = "{" + slots[-1][0] + "}"
        segments.append(segment)
    return "/".join(segments), slots


def _schema(field: Field) -> Schema:
    schema = dict(_TYPES.get(field.kind, {"type": "string"}))
    # A token against forgery is one session's: each caller's own goes along in a header.
    return schema if is_forgery_token(field.name) else _said(schema, field.value)


def _said(schema: Schema, value: str) -> Schema:
    return {**schema, "example": value} if value and schema.get("type") == "string" else schema


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{[^{}]*\}", template.rstrip("/"))
    return re.compile("[^/]+".join(map(re.escape, pieces)) + "/?")
