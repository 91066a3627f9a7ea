"""Resource objects of JSON:API (https://jsonapi.org/format/#document-resource-objects) read as
plain objects: what stands in `attributes` is a member like the id beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ATTRIBUTES = "attributes"
_BESIDE = {"type", "id", "lid", ATTRIBUTES, "relationships", "links", "meta"}
_DEPTH = 40


def is_resource(names: Iterable[str]) -> bool:
    """Whether members of these names are those of a resource object."""
    told = set(names)
    return {"type", ATTRIBUTES} <= told <= _BESIDE


def plain(value: Any, depth: int = _DEPTH) -> Any:
    """A JSON value with its resource objects flat; the same where it has none."""
    if depth <= 0:
        return value
    if isinstance(value, list):
        return [plain(v, depth - 1) for v in value]
    if not isinstance(value, dict):
        return value
    inner = value.get(ATTRIBUTES)
    if isinstance(inner, dict) and is_resource(value):
        beside = {n: v for n, v in value.items() if n != ATTRIBUTES}
        value = {**inner, **beside}
    return {n: plain(v, depth - 1) for n, v in value.items()}
