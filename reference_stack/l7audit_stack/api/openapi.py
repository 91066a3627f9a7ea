"""The OpenAPI 3.1 document of a table of operations: derived, so that it can't be untrue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Input, Operation, RawBody
from l7audit_stack.api.problems import PROBLEM_MEDIA_TYPE

_REF = "#/components/schemas/{name}"
_BINARY = {"type": "string", "contentEncoding": "binary"}
_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, rename={"kind": "type"}):
    """Problem details (RFC 9457)."""

    kind: str
    title: str
    status: int
    detail: str
    request_id: str


_TEXTS: Mapping[int, str] = {
    400: "The request is malformed.",
    401: "There is no valid credential.",
    403: "The caller may not do this.",
    404: "There is no such resource for this caller.",
    408: "The body did not arrive in time.",
    409: "The resource is not in a state for this.",
    413: "The body is too large.",
    415: "The media type is not supported.",
    422: "The input does not fit its schema.",
    429: "Too many requests.",
    503: "The service can't do this for the moment.",
}


def describe(operations: Sequence[Operation], server: str) -> dict[str, Any]:
    """The document; `server` is the public address (none when empty)."""
    shapes = _shapes(operations)
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    by_shape = dict(zip(map(repr, shapes), schemas, strict=True))
    paths: dict[str, Any] = {}
    for operation in operations:
        path = _PARAMETER.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(
            operation, by_shape, components
        )
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Agent API",
            "version": "1",
            "description": "The reference API of l7audit: a multi-tenant agent service.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {str(status): _problem(status) for status in _TEXTS},
            "headers": _HEADERS,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "clientCredentials": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{server}/oauth/token",
                            "scopes": _scopes(operations),
                        }
                    },
                },
            },
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(op.tag for op in operations)],
    }
    if server:
        document["servers"] = [{"url": server}]
    return document


def _scopes(operations: Sequence[Operation]) -> dict[str, str]:
    return {
        op.permission: f"Operations that need {op.permission}" for op in operations if op.permission
    }


_HEADERS: Mapping[str, Any] = {
    "RateLimit": {
        "description": "What is left of the quota (structured field).",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "The quota and its window (structured field).",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-Request-Id": {
        "description": "The id of this request in the logs.",
        "schema": {"type": "string"},
    },
}


def _shapes(operations: Sequence[Operation]) -> list[Any]:
    found: dict[str, Any] = {repr(ProblemDocument): ProblemDocument}
    for operation in operations:
        for shape in (operation.body, operation.query, operation.answer):
            if shape is not None and not isinstance(shape, RawBody):
                found[repr(shape)] = shape
    return list(found.values())


def _operation(
    operation: Operation, schemas: Mapping[str, Any], components: Mapping[str, Any]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [] if operation.public else _security(operation),
        "responses": _responses(operation, schemas),
        "x-rate-limit-policy": operation.limit,
    }
    if operation.recognises:
        described["security"] = [{}, {"apiKey": []}, {"bearer": []}]
    if operation.permission is not None:
        described["x-permission"] = operation.permission
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            **({"x-many-segments": True} if rest else {}),
        }
        for name, rest in _PARAMETER.findall(operation.path)
    ]
    if operation.query is not None:
        parameters += _query(operation.query, components)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = _body(operation, schemas)
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    scopes = [operation.permission] if operation.permission else []
    return [{"apiKey": []}, {"bearer": []}, {"clientCredentials": scopes}]


def _query(shape: type[Input], components: Mapping[str, Any]) -> list[dict[str, Any]]:
    schema = components[shape.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]


def _body(operation: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    body = operation.body
    if isinstance(body, RawBody):
        # Of JSON any value will do: it is kept as it came.
        plain = _BINARY if body.schema is None else body.schema
        content: dict[str, Any] = {
            kind: {"schema": {} if kind == "application/json" else plain}
            for kind in body.media_types
        }
        return {"required": True, "content": content, "x-max-bytes": body.max_bytes}
    return {
        "required": True,
        "content": {operation.body_media_type: {"schema": schemas[repr(body)]}},
    }


def _responses(operation: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    limits = {
        name: {"$ref": f"#/components/headers/{name}"}
        for name in ("RateLimit", "RateLimit-Policy", "X-Request-Id")
    }
    good: dict[str, Any] = {"description": operation.summary, "headers": limits}
    if operation.answer is not None:
        schema = _BINARY if operation.answer is bytes else schemas[repr(operation.answer)]
        good["content"] = {operation.answer_media_type: {"schema": schema}}
    if operation.stream_media_type is not None:
        good["content"][operation.stream_media_type] = {"schema": {"type": "string"}}
    statuses = [400, 422, 429, 503]
    if operation.permission is not None:
        statuses += [401, 403]
    elif operation.account is not None or operation.recognises:
        statuses.append(401)
    if "{" in operation.path or operation.refers or _refers(operation):
        statuses.append(404)
    if operation.method not in ("GET", "DELETE"):
        statuses.append(409)
    if operation.body is not None:
        statuses += [408, 413, 415]
    responses: dict[str, Any] = {str(operation.status): good}
    for status in sorted(statuses):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return responses


def _refers(operation: Operation) -> bool:
    """Whether the query or the body names something that may not be there."""
    shapes = [s for s in (operation.query, operation.body) if isinstance(s, type)]
    kinds = [field.type for shape in shapes for field in msgspec.structs.fields(shape)]
    return any(UUID in (kind, *get_args(kind)) for kind in kinds)


def _problem(status: int) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if status in (429, 503):
        names.append("Retry-After")
    if status == 429:
        names += ["RateLimit", "RateLimit-Policy"]
    headers: dict[str, Any] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}, "required": True}
    return {
        "description": _TEXTS[status],
        "headers": headers,
        "content": {
            PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
        },
    }
