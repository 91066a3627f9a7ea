"""An OpenAPI document of version 2.0, 3.0 or 3.1, read as the hostile text that it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from l7audit.errors import DocumentError
from l7audit.target.envelope import opened, plain_schema
from l7audit.target.links import Link, linked, links_in
from l7audit.target.operation import Operation, Parameter, Requirement, Scheme, is_json
from l7audit.target.schemas import Expander, Schema, properties, required
from l7audit.target.swagger import as_openapi_3
from l7audit.target.tree import tree

OPERATIONS = 5000
"""The most operations that are looked at."""

ANSWER_DEPTH = 6
_SLOT = re.compile(r"\{([^{}]+)\}")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Document:
    """A target's document: its operations, and the path that its first server adds to them.

    `notes` are sentences on what of it is not looked at.
    """

    title: str
    version: str
    prefix: str
    operations: tuple[Operation, ...]
    schemes: Mapping[str, Scheme]
    notes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Document:
        """The document in a JSON or YAML text. Errors: `DocumentError`, one sentence.

        Single malformed operations, parameters and schemas are left out: other people's
        documents have them, and the rest is still worth auditing.
        """
        root = tree(text)
        version = str(root.get("openapi") or root.get("swagger") or "")
        if not version.startswith(("2.0", "3.0", "3.1")):
            raise DocumentError(
                f"The OpenAPI document says {version[:40] or 'no version'}; versions 2.0, 3.0 and "
                "3.1 are understood.",
                mend="Convert it, or describe the target by hints in the profile.",
            )
        if not isinstance(root.get("paths"), dict):
            raise DocumentError("The OpenAPI document has no `paths`, so it describes nothing.")
        return _Reader(as_openapi_3(root) if version == "2.0" else root).document(version)


class _Reader:
    """Reads one document's tree."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._expander = Expander(root)
        components = self._expander.mapping(root.get("components"))
        declared = self._expander.mapping(components.get("securitySchemes"))
        self._schemes = {
            str(name): _scheme(str(name), self._expander.mapping(node))
            for name, node in declared.items()
        }

    def document(self, version: str) -> Document:
        info = self._expander.mapping(self._root.get("info"))
        operations: list[Operation] = []
        links: list[Link] = []
        described = 0
        for template, item in self._root["paths"].items():
            node = self._expander.mapping(item)
            if not isinstance(template, str) or not template.startswith("/"):
                continue
            for method in METHODS:
                if isinstance(node.get(method), dict):
                    described += 1
                    if described <= OPERATIONS:
                        operations.append(self._operation(template, method, node[method], node))
                        links += links_in(template, self._links(node[method]))
        return Document(
            title=str(info.get("title", ""))[:200],
            version=version,
            prefix=_prefix(self._root.get("servers")),
            operations=linked(operations, links),
            schemes=self._schemes,
            notes=tuple(self._notes(described)),
        )

    def _notes(self, described: int) -> Iterator[str]:
        if described > OPERATIONS:
            yield f"The document describes {described:,} operations; {OPERATIONS:,} are looked at."
        lost = sorted(self._expander.lost)
        if lost:
            some = ", ".join(reference[:80] for reference in lost[:3])
            yield f"References of the document lead nowhere ({len(lost)} in all): {some}."
        if self._expander.spent:
            yield "The document's schemas are too large to be written out whole; some stay empty."

    def _operation(
        self, template: str, method: str, node: dict[str, Any], shared: dict[str, Any]
    ) -> Operation:
        body = self._expander.mapping(node.get("requestBody"))
        tags = node.get("tags")
        told = (node.get("summary"), node.get("description"))
        name = str(node.get("operationId") or f"{method} {template}")[:200]
        bodies = self._media(body.get("content"))
        inner, envelope = opened(
            {m: s for m, s in bodies.items() if is_json(m)},
            [name, *(s for s in template.split("/") if "{" not in s)],
        )
        return Operation(
            name=name,
            method=method.upper(),
            template=template,
            parameters=self._parameters(
                [{"name": name, "in": "path"} for name in _SLOT.findall(template)],
                shared.get("parameters"),
                node.get("parameters"),
            ),
            bodies={**bodies, **inner},
            body_required=body.get("required") is True,
            answers={
                str(status): {
                    media: plain_schema(schema)
                    for media, schema in self._media(
                        self._expander.mapping(answer).get("content"), ANSWER_DEPTH
                    ).items()
                }
                for status, answer in self._expander.mapping(node.get("responses")).items()
            },
            security=self._security(node.get("security", self._root.get("security"))),
            tags=tuple(str(t)[:100] for t in tags) if isinstance(tags, list) else (),
            told=" ".join(str(t)[:2000] for t in told if t),
            envelope=envelope,
        )

    def _links(self, node: dict[str, Any]) -> Iterator[Any]:
        """The links of an operation's answers."""
        for answer in self._expander.mapping(node.get("responses")).values():
            told = self._expander.mapping(self._expander.mapping(answer).get("links"))
            yield from map(self._expander.mapping, told.values())

    def _media(self, content: Any, depth: int = 12) -> dict[str, Schema]:
        return {
            str(media).split(";")[0].strip().lower(): self._body(node, depth)
            for media, node in self._expander.mapping(content).items()
        }

    def _body(self, node: Any, depth: int) -> Schema:
        """A media type's schema, with the example that stands beside it."""
        found = self._expander.mapping(node)
        schema = self._expander.schema(found.get("schema"), depth)
        if "example" in found:
            schema.setdefault("example", found["example"])
        return schema

    def _parameters(self, *lists: Any) -> tuple[Parameter, ...]:
        """The parameters of the path and of the operation, the latter's word counting.

        A slot of the template that nobody declares is a parameter all the same.
        """
        found: dict[tuple[str, str], Parameter] = {}
        for listed in lists:
            for node in listed if isinstance(listed, list) else []:
                part = self._expander.mapping(node)
                name, place = part.get("name"), part.get("in")
                if not isinstance(name, str) or place not in {"path", "query", "header", "cookie"}:
                    continue
                schema = self._expander.schema(part.get("schema"))
                if not schema:  # a parameter may carry its schema in a media type instead
                    schema = next(iter(self._media(part.get("content")).values()), {})
                if "example" in part:
                    schema.setdefault("example", part["example"])
                declared = Parameter(
                    name=name,
                    place=place,
                    required=part.get("required") is True or place == "path",
                    schema=schema,
                    style=str(part.get("style", "")),
                )
                whole = "content" in part or part.get("explode") is False
                for one in [declared] if whole else _spread(declared):
                    found[place, one.name] = one
        return tuple(found.values())

    def _security(self, node: Any) -> tuple[tuple[Requirement, ...], ...]:
        alternatives = []
        for alternative in node if isinstance(node, list) else []:
            if isinstance(alternative, dict):
                alternatives.append(
                    tuple(
                        Requirement(
                            self._schemes.get(str(name), Scheme(str(name), "other")),
                            tuple(map(str, scopes)) if isinstance(scopes, list) else (),
                        )
                        for name, scopes in alternative.items()
                    )
                )
        return tuple(alternatives)


def _spread(declared: Parameter) -> list[Parameter]:
    """An object of the query as the parameters that it is on the wire (OpenAPI 3.1, 4.8.12.6):
    each member by itself, or in brackets behind the object's name."""
    brackets = declared.style == "deepObject"
    members = properties(declared.schema) if declared.place == "query" else {}
    if not members or declared.style not in {"", "form", "deepObject"}:
        return [declared]
    needed = required(declared.schema) if declared.required else []
    return [
        Parameter(
            name=f"{declared.name}[{name}]" if brackets else name,
            place="query",
            required=name in needed,
            schema=part,
        )
        for name, part in members.items()
    ]


def _scheme(name: str, node: Mapping[str, Any]) -> Scheme:
    """A scheme by what a caller has to do for it."""
    kind = str(node.get("type", "")).lower()
    if kind == "apikey":
        place = str(node.get("in", "header"))
        if place == "header" and str(node.get("name", "")).lower() == "authorization":
            return Scheme(name, "bearer", "Authorization")  # 2.0 knows no better way to say it
        carried = "cookie" if place == "cookie" else "api_key"
        return Scheme(name, carried, str(node.get("name", "")), place)
    if kind == "http":
        scheme = str(node.get("scheme", "")).lower()
        return Scheme(name, scheme if scheme in {"bearer", "basic"} else "other", "Authorization")
    if kind in {"oauth2", "openidconnect"}:
        flows = node.get("flows")
        urls = [
            str(flow["tokenUrl"])
            for flow in (flows.values() if isinstance(flows, dict) else [])
            if isinstance(flow, dict) and flow.get("tokenUrl")
        ]
        return Scheme(name, "bearer", "Authorization", token_urls=tuple(urls))
    return Scheme(name, "other")


def _prefix(servers: Any) -> str:
    """The path of the first server. Its host is never gone to: the profile says where to go."""
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, dict) else None
    variables = first.get("variables") if isinstance(first, dict) else None
    if not isinstance(url, str):
        return ""
    for name, variable in (variables if isinstance(variables, dict) else {}).items():
        if isinstance(variable, dict) and isinstance(variable.get("default"), str):
            url = url.replace("{" + str(name) + "}", variable["default"])
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
    return path if path.startswith("/") and "{" not in url else ""
