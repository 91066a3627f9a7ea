"""An OpenAPI 3.0 or 3.1 document, read as the hostile text that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml

from l7audit.errors import DocumentError
from l7audit.target.operation import Operation, Parameter, Requirement, Scheme
from l7audit.target.schemas import Expander, Schema

LIMIT = 16 * 1024 * 1024
"""The most bytes of a document that are read."""

OPERATIONS = 2000
"""The most operations that are looked at."""

DEPTH = 200
"""The deepest nesting of a YAML document."""

ANSWER_DEPTH = 6
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A target's document: its operations, and the path that its first server adds to them."""

    title: str
    version: str
    prefix: str
    operations: tuple[Operation, ...]
    schemes: Mapping[str, Scheme]

    @classmethod
    def parse(cls, text: str) -> Document:
        """The document in a JSON or YAML text. Errors: `DocumentError`, one sentence.

        Single malformed operations, parameters and schemas are left out: other people's
        documents have them, and the rest is still worth auditing.
        """
        root = _root(text)
        version = str(root.get("openapi", ""))
        if not version.startswith(("3.0", "3.1")):
            said = version or (f"Swagger {root['swagger']}" if "swagger" in root else "no version")
            raise DocumentError(
                f"The OpenAPI document says {said[:40]}; versions 3.0 and 3.1 are understood.",
                mend="Convert it to OpenAPI 3, or describe the target by hints in the profile.",
            )
        if not isinstance(root.get("paths"), dict):
            raise DocumentError("The OpenAPI document has no `paths`, so it describes nothing.")
        return _Reader(root).document(version)


def _root(text: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > LIMIT:
        raise DocumentError(f"The OpenAPI document is larger than {LIMIT // 2**20} MiB.")
    try:
        if text.lstrip("\ufeff \t\r\n").startswith("{"):
            root = msgspec.json.decode(text.lstrip("\ufeff \t\r\n"))
        else:
            _refuse_depth(text)
            root = yaml.load(text, Loader=_Loader)
    except (msgspec.DecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        cause = " ".join(str(error).split())[:200]
        raise DocumentError(f"The OpenAPI document is neither JSON nor YAML: {cause}.") from error
    if not isinstance(root, dict):
        raise DocumentError("The OpenAPI document is no object.")
    return root


def _refuse_depth(text: str) -> None:
    """The C loader builds its tree by recursion without a limit, and a deep document would take
    the whole process down; its event stream does not recurse. Errors: `ValueError`."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH:
                raise ValueError(f"it nests deeper than {DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


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
        for template, item in self._root["paths"].items():
            node = self._expander.mapping(item)
            if not isinstance(template, str) or not template.startswith("/"):
                continue
            for method in METHODS:
                if isinstance(node.get(method), dict) and len(operations) < OPERATIONS:
                    operations.append(self._operation(template, method, node[method], node))
        return Document(
            title=str(info.get("title", ""))[:200],
            version=version,
            prefix=_prefix(self._root.get("servers")),
            operations=tuple(operations),
            schemes=self._schemes,
        )

    def _operation(
        self, template: str, method: str, node: dict[str, Any], shared: dict[str, Any]
    ) -> Operation:
        body = self._expander.mapping(node.get("requestBody"))
        tags = node.get("tags")
        told = (node.get("summary"), node.get("description"))
        return Operation(
            name=str(node.get("operationId") or f"{method} {template}")[:200],
            method=method.upper(),
            template=template,
            parameters=self._parameters(shared.get("parameters"), node.get("parameters")),
            bodies=self._media(body.get("content")),
            body_required=body.get("required") is True,
            answers={
                str(status): self._media(
                    self._expander.mapping(answer).get("content"), ANSWER_DEPTH
                )
                for status, answer in self._expander.mapping(node.get("responses")).items()
            },
            security=self._security(node.get("security", self._root.get("security"))),
            tags=tuple(str(t)[:100] for t in tags) if isinstance(tags, list) else (),
            told=" ".join(str(t)[:2000] for t in told if t),
        )

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
        """The parameters of the path and of the operation, the latter's word counting."""
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
                found[place, name] = Parameter(
                    name=name,
                    place=place,
                    required=part.get("required") is True or place == "path",
                    schema=schema,
                    style=str(part.get("style", "")),
                )
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


def _scheme(name: str, node: Mapping[str, Any]) -> Scheme:
    """A scheme by what a caller has to do for it."""
    kind = str(node.get("type", "")).lower()
    if kind == "apikey":
        place = str(node.get("in", "header"))
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
    if not isinstance(url, str) or "{" in url:
        return ""
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
    return path if path.startswith("/") else ""
