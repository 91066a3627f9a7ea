"""Methods that a target takes on its things, whatever its document says of them.

A resource's answer to OPTIONS, or to a method that it does not have, names its methods in `Allow`
(RFC 9110, 9.3.7 and 15.5.6). Not every framework names all of them there, and some servers name
more than there are: each is asked of a thing that is not there, which changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth
from l7audit.target.operation import Operation
from l7audit.target.schemas import Schema, properties, required, type_of
from l7audit.target.surface import Surface

CHANGES = ("PATCH", "PUT")
_NOBODYS = "l7audit-6b1f0c52"
_NOBODYS_NUMBER = "1900000019"
_NOBODYS_UUID = "6b1f0c52-9d3e-4c7a-8f25-1e0a7b3d9c64"
_SET_BY_TARGETS = {"id", "uuid", "created_at", "createdAt", "updated_at", "updatedAt"}


def unnamed(operations: Iterable[Operation]) -> list[tuple[Operation, frozenset[str]]]:
    """An operation for each kind of thing, and its methods, where the document names none to
    change it, or none to delete it."""
    grouped: dict[str, list[Operation]] = {}
    for operation in operations:
        if operation.template.rstrip("/").endswith("}") and not operation.public:
            grouped.setdefault(operation.template, []).append(operation)
    found = [(group[0], frozenset(o.method for o in group)) for group in grouped.values()]
    return [(o, told) for o, told in found if not (told & {*CHANGES} and "DELETE" in told)]


def offered(
    probe: Probe, surface: Surface, auth: Auth, identity: str, told: frozenset[str]
) -> tuple[str, ...]:
    """The methods beside those of the document that a thing's resource takes: at most one to
    change it, and DELETE. Errors: as `Probe.send`."""
    path = {p.name: _nobodys(p.schema) for p in surface.operation.path_parameters}
    plain = replace(surface.request(auth=auth, path=path), content=b"")
    plain = plain.without_header("Content-Type")
    first = probe.send(replace(plain, method="OPTIONS"), identity)
    allowed = {m.upper() for m in first.headers.values_of("Allow")}
    # A router that names OPTIONS itself, or several methods, has looked at all of its routes.
    whole = told <= allowed and (len(allowed) > 1 or len(told) > 1)
    found: list[str] = []
    for method in (*(() if told & {*CHANGES} else CHANGES), "DELETE"):
        if method in told or (whole and method not in allowed) or (method in CHANGES and found):
            continue
        answer = probe.send(replace(plain, method=method), identity)
        if _taken(answer, first):
            found.append(method)
    return tuple(found)


def _taken(answer: Answer, first: Answer) -> bool:
    """Whether somebody looked for the thing: not whether the method is refused, which some do by
    saying that there is nothing."""
    status = answer.status or 0
    if not 200 <= status < 500 or status in {401, 403, 405, 429} or answer.refused:
        return False
    return status != 404 or (first.status, _plain(first)) != (answer.status, _plain(answer))


def _plain(answer: Answer) -> str:
    return re.sub(r"OPTIONS|PATCH|PUT|DELETE", "", answer.text)


def _nobodys(schema: Schema) -> str:
    """An id of the declared kind that nothing has."""
    if type_of(schema) in {"integer", "number"}:
        return _NOBODYS_NUMBER
    return _NOBODYS_UUID if schema.get("format") == "uuid" else _NOBODYS


def as_operation(method: str, template: str, operations: Sequence[Operation]) -> Operation | None:
    """The operation of a method that a thing's resource takes: its body is what makes such things,
    or else what is shown of one. None where neither is known and it needs one."""
    beside = [o for o in operations if o.template == template]
    if not beside:
        return None
    base = next((o for o in beside if o.method == "GET"), beside[0])
    bare = replace(
        base,
        name=f"{method} {template}",
        method=method,
        parameters=base.path_parameters,
        bodies={},
        body_required=False,
        told="",
        learnt=True,
    )
    if method == "DELETE":
        return replace(bare, answers={})
    home = template.rstrip("/").rpartition("/")[0]
    makers = [o for o in operations if (o.method, o.template.rstrip("/")) == ("POST", home)]
    schema = next((o.json_schema for o in makers if properties(o.json_schema)), None)
    shown = properties(base.answer_schema if base.method == "GET" else {})
    members = properties(schema) if schema is not None else shown
    taken = {n: s for n, s in members.items() if n not in _SET_BY_TARGETS}
    if not taken:
        return None
    body: Schema = {"type": "object", "properties": taken}
    if method == "PUT":
        body["required"] = [n for n in required(schema or {}) if n in taken]
    return replace(bare, bodies={"application/json": body}, body_required=True)
