"""A Swagger 2.0 tree in the shape of OpenAPI 3, so that one reader serves all versions.

Only shapes move: references to `#/definitions/...` still lead to where they led. `host` is left
behind, for the profile says where to go; `basePath` becomes the path of the only server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from l7audit.target.operation import FORM, MULTIPART
from l7audit.target.schemas import Expander

Tree = dict[str, Any]

JSON = "application/json"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_OF_SCHEMA = (
    "type", "format", "items", "enum", "default", "pattern", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
    "uniqueItems", "multipleOf",
)  # fmt: skip
_FLOWS = {
    "accessCode": "authorizationCode", "application": "clientCredentials",
    "implicit": "implicit", "password": "password",
}  # fmt: skip


def as_openapi_3(root: Mapping[str, Any]) -> Tree:
    """The document in the shape of version 3; malformed parts stay for the reader to leave out."""
    follow = Expander(root)
    paths = root.get("paths")
    schemes = follow.mapping(root.get("securityDefinitions"))
    upgraded = {
        **root,
        "servers": [{"url": str(root.get("basePath") or "")}],
        "components": {
            "securitySchemes": {n: _scheme(follow.mapping(s)) for n, s in schemes.items()}
        },
    }
    if isinstance(paths, dict):
        upgraded["paths"] = {p: _path(root, follow, follow.mapping(i)) for p, i in paths.items()}
    return upgraded


def _path(root: Mapping[str, Any], follow: Expander, item: Tree) -> Tree:
    shared = _parameters(follow, item.get("parameters"))
    moved = {**item, "parameters": [_parameter(p) for p in shared if _addresses(p)]}
    for method in _METHODS:
        if isinstance(item.get(method), dict):
            moved[method] = _operation(root, follow, item[method], shared)
    return moved


def _operation(root: Mapping[str, Any], follow: Expander, node: Tree, shared: list[Tree]) -> Tree:
    own = _parameters(follow, node.get("parameters"))
    takes = _media(node.get("consumes") or root.get("consumes"))
    gives = _media(node.get("produces") or root.get("produces"))
    moved = {**node, "parameters": [_parameter(p) for p in own if _addresses(p)]}
    body = _body([*shared, *own], takes)
    if body:
        moved["requestBody"] = body
    moved["responses"] = {
        status: _answer(follow.mapping(answer), gives)
        for status, answer in follow.mapping(node.get("responses")).items()
    }
    return moved


def _parameters(follow: Expander, listed: Any) -> list[Tree]:
    return [follow.mapping(node) for node in (listed if isinstance(listed, list) else [])]


def _addresses(parameter: Tree) -> bool:
    return parameter.get("in") in {"path", "query", "header"}


def _parameter(parameter: Tree) -> Tree:
    example = {"example": parameter["x-example"]} if "x-example" in parameter else {}
    return {**parameter, **example, "schema": _schema(parameter)}


def _schema(parameter: Tree) -> Tree:
    """What a parameter says of its value; 2.0 keeps it beside its name."""
    schema = {key: parameter[key] for key in _OF_SCHEMA if key in parameter}
    if schema.get("type") == "file":
        return {"type": "string", "format": "binary"}
    return schema


def _body(parameters: Iterable[Tree], takes: list[str]) -> Tree:
    """The request's body: the one parameter `in: body`, or the fields `in: formData`."""
    fields: dict[str, Tree] = {}
    needed: list[str] = []
    for parameter in parameters:
        name = str(parameter.get("name", ""))
        if parameter.get("in") == "body":
            kinds = [t for t in takes if t not in {FORM, MULTIPART}] or [JSON]
            content = {kind: {"schema": parameter.get("schema")} for kind in kinds}
            return {"required": parameter.get("required") is True, "content": content}
        if parameter.get("in") == "formData" and name:
            fields[name] = _schema(parameter)
            if parameter.get("required") is True:
                needed.append(name)
    if not fields:
        return {}
    files = any(field.get("format") == "binary" for field in fields.values())
    kinds = [t for t in takes if t in {FORM, MULTIPART}] or [MULTIPART if files else FORM]
    schema = {"type": "object", "properties": fields, "required": needed}
    return {"required": bool(needed), "content": {kind: {"schema": schema} for kind in kinds}}


def _answer(answer: Tree, gives: list[str]) -> Tree:
    if "schema" not in answer:
        return answer
    examples = answer.get("examples")
    content: dict[str, Tree] = {}
    for kind in gives or [JSON]:
        content[kind] = {"schema": answer["schema"]}
        if isinstance(examples, dict) and kind in examples:
            content[kind]["example"] = examples[kind]
    return {**answer, "content": content}


def _media(listed: Any) -> list[str]:
    return [str(media) for media in listed] if isinstance(listed, list) else []


def _scheme(node: Tree) -> Tree:
    if node.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if node.get("type") == "oauth2":
        flow = {key: node[key] for key in ("tokenUrl", "authorizationUrl", "scopes") if key in node}
        return {**node, "flows": {_FLOWS.get(str(node.get("flow")), "implicit"): flow}}
    return node
