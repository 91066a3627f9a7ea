"""An operation that a check may call: requests for it, valid unless the check says otherwise."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from l7audit.model import Kind, Place
from l7audit.probe.request import Auth, Request
from l7audit.target import meaning
from l7audit.target.compose import Path, compose, put
from l7audit.target.operation import FORM, MULTIPART, Operation, Parameter, is_json
from l7audit.target.schemas import Schema, properties
from l7audit.target.xml_documents import is_xml, sample

_SLOT = re.compile(r"\{([^{}]*)\}")
_BOUNDARY = "l7audit-boundary-5b1f"


class Composed:
    """The type of `COMPOSED`."""

    def __repr__(self) -> str:
        return "COMPOSED"


COMPOSED: Final = Composed()
"""Says that a body is to be made up from its schema."""


@dataclass(frozen=True, slots=True)
class Surface:
    """An operation, and what is known for its path parameters.

    `prefix` stands before the template on the wire. `values` fill path parameters by name;
    `members` and `queries` are parts of a body and query parameters that name things that are
    there; `seed` decides everything that has to be made up, so that a run can be repeated.
    """

    operation: Operation
    prefix: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    seed: str = ""
    members: Mapping[Path, Any] = field(default_factory=dict)
    queries: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[Kind]:
        return self.operation.kinds

    @property
    def needs_values(self) -> tuple[str, ...]:
        """The path parameters that only made-up values would fill."""
        told = (p.name for p in self.operation.path_parameters if not _tells(p.schema))
        return tuple(name for name in told if name not in self.values)

    def place(self, part: str = "") -> Place:
        """Where a finding on this surface is; the same in every run."""
        return replace_part(self.operation.place, part)

    def accepts(self, kind: str) -> bool:
        """Whether a credential of that kind (`api_key`, `bearer`, `basic`) alone is enough."""
        return self.operation.accepts(kind)

    def with_values(self, values: Mapping[str, str]) -> Surface:
        """The same surface with these path parameters known."""
        return replace(self, values={**self.values, **values})

    def naming(self, members: Mapping[Path, Any], queries: Mapping[str, Any]) -> Surface:
        """The same surface with these parts of its body and query known."""
        return replace(
            self, members={**self.members, **members}, queries={**self.queries, **queries}
        )

    @property
    def named(self) -> dict[str, Any]:
        """The members of its body that name things that are there, each with all that is in it."""
        body = self.body() if self.members else {}
        return {str(path[0]): body[path[0]] for path in self.members}

    def body(self, fields: Mapping[str, Any] | None = None) -> Any:
        """A valid body made up from the schema, with what is known of it, and with `fields` put
        over its members."""
        value = self._body(self.operation.body_schema)
        return {**value, **(fields or {})} if isinstance(value, dict) else value

    def request(
        self,
        auth: Auth | None = None,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        query: Mapping[str, Any] | None = None,
        path: Mapping[str, str] | None = None,
        json: Any = COMPOSED,
        fields: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        media_type: str = "",
    ) -> Request:
        """A request ready to be sent.

        Required parameters that nobody gives are made up. Of the body at most one is given:
        `json` a whole value, `fields` members to put over a made-up body, `form` fields to encode,
        `content` raw bytes. A `query` or `path` value of None leaves the parameter out, or empty.
        `path` values are percent-encoded; for raw ones change the request's own `path`.
        """
        operation = self.operation
        target = self.prefix + self._filled({**self.values, **(path or {})})
        pairs = self._query(query or {})
        if pairs:
            target += "?" + urlencode(pairs, doseq=True, quote_via=quote)
        kind, payload = self._payload(json, fields, form, content, media_type)
        made_up = [
            (p.name, _plain(self._value(p)))
            for p in operation.parameters
            if p.place == "header" and p.required and p.name.lower() not in _SET_ELSEWHERE
        ]
        answered = next((m for m in operation.success if is_json(m)), "*/*")
        request = Request(operation.method, target, (("Accept", answered),), payload)
        if made_up:
            request = request.with_headers(made_up)
        if kind:
            request = request.with_headers({"Content-Type": kind})
        if auth is not None:
            request = request.with_auth(auth)
        return request.with_headers(headers) if headers is not None else request

    def _body(self, schema: Schema) -> Any:
        value = compose(schema, self._choice("body"))
        for path, part in self.members.items() if isinstance(value, dict) else ():
            value = put(value, path, part)
        return value

    def _choice(self, purpose: str) -> random.Random:
        return random.Random(f"{self.seed}:{self.operation.place}:{purpose}")

    def _value(self, parameter: Parameter) -> Any:
        return compose(parameter.schema, self._choice(parameter.name))

    def _filled(self, values: Mapping[str, str | None]) -> str:
        declared = {p.name: p for p in self.operation.path_parameters}

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in values:
                return quote(values[name] or "", safe="")
            parameter = declared.get(name, Parameter(name, "path", True))
            return quote(_plain(self._value(parameter)), safe="")

        return _SLOT.sub(value, self.operation.template)

    def _query(self, given: Mapping[str, Any]) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        for parameter in self.operation.parameters:
            if parameter.place == "query" and parameter.required and parameter.name not in given:
                known = self.queries.get(parameter.name, COMPOSED)
                made_up = self._value(parameter) if known is COMPOSED else known
                pairs[parameter.name] = _query_value(made_up)
        pairs.update({n: _query_value(v) for n, v in given.items() if v is not None})
        return pairs

    def _payload(
        self,
        json: Any,
        fields: Mapping[str, Any] | None,
        form: Mapping[str, Any] | None,
        content: bytes | None,
        media_type: str,
    ) -> tuple[str, bytes]:
        """The body's media type and bytes."""
        if content is not None:
            return media_type or self.operation.media_type, content
        if form is not None:
            return media_type or FORM, urlencode(form, doseq=True).encode()
        wanted = media_type or self.operation.media_type
        if not isinstance(json, Composed):
            kind = wanted if is_json(wanted) else "application/json"
            return kind, msgspec.json.encode(self._enclosed(kind, json))
        if fields is None and not self.operation.bodies:
            return "", b""
        schema = self.operation.bodies.get(wanted, self.operation.body_schema)
        value = self._body(schema)
        if fields is not None:
            value = {**(value if isinstance(value, dict) else {}), **fields}
        wanted = wanted or "application/json"
        return encoded(wanted, self._enclosed(wanted, value), schema)

    def _enclosed(self, media_type: str, value: Any) -> Any:
        """An object in the envelope that the operation's JSON has, if it has one."""
        envelope = self.operation.envelope
        if envelope is None or not is_json(media_type) or not isinstance(value, dict):
            return value
        item = self.operation.template.rstrip("/").endswith("}")
        names = [p.name for p in self.operation.path_parameters] if item else []
        identifier = self.values.get(names[-1], "") if names else ""
        return envelope.around(value, self._choice("envelope"), identifier)


_SET_ELSEWHERE = {"authorization", "content-type", "accept", "cookie", "host", "content-length"}


def replace_part(place: Place, part: str) -> Place:
    return Place(operation=place.operation, part=part) if part else place


def encoded(media_type: str, value: Any, schema: Schema) -> tuple[str, bytes]:
    """A value as a body of that media type: its content type and its bytes."""
    if is_json(media_type):
        return media_type, msgspec.json.encode(value)
    members = value if isinstance(value, dict) else {}
    if media_type == FORM:
        return FORM, urlencode({n: _query_value(v) for n, v in members.items()}, True).encode()
    if media_type == MULTIPART:
        return f"{MULTIPART}; boundary={_BOUNDARY}", _multipart(members, schema)
    if is_xml(media_type):
        return media_type, sample(schema, value).encode()
    return media_type, value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _multipart(members: Mapping[str, Any], schema: Schema) -> bytes:
    lines = []
    for name, value in members.items():
        binary = meaning.is_form_file(properties(schema).get(name, {}))
        file = '; filename="l7audit.txt"\r\nContent-Type: text/plain' if binary else ""
        for each in value if binary and isinstance(value, list) else [value]:
            lines.append(
                f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
                f"{_plain(each)}\r\n"
            )
    return ("".join(lines) + f"--{_BOUNDARY}--\r\n").encode()


def _tells(schema: Schema) -> bool:
    """Whether a schema gives a value itself."""
    return any(key in schema for key in ("const", "example", "examples", "default", "enum"))


def _plain(value: Any) -> str:
    """A value as text in a path, a header or a form's part."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()


def _query_value(value: Any) -> Any:
    """A value as `urlencode` writes it: lists repeat the name."""
    return [_plain(v) for v in value] if isinstance(value, list) else _plain(value)
