"""JSON schemas out of a document: references written out, alternatives and conjunctions merged.

A document is hostile: its references may run in circles or expand without end, so expansion is
bounded in depth and in the number of nodes, and what lies beyond becomes the empty schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]

DEPTH = 12
NODES = 4000
REFERENCES = 16

TOTAL = 150_000
"""The most nodes of all schemas of one document that are written out."""

MOST_LOST = 1000
"""The most references that are remembered as leading nowhere."""


class Expander:
    """Writes out the references of one document; every call has its own bound of nodes.

    `lost` are references that lead nowhere, out of the document or in a circle; `spent` says that
    the bound of the whole document was reached.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = TOTAL
        self._known: dict[tuple[int, int], Schema] = {}
        self._places: dict[str, Any] = {}
        self.lost: set[str] = set()
        self.spent = False

    def follow(self, node: Any) -> Any:
        """The node that a chain of local references leads to; None where it leads nowhere.

        A reference to another file or address is never followed.
        """
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
            return node
        first = node["$ref"]
        for _ in range(REFERENCES):
            node = self._at(node["$ref"])
            if node is None:
                break
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
        if len(self.lost) < MOST_LOST:
            self.lost.add(first[:200])
        return None

    def mapping(self, node: Any) -> dict[str, Any]:
        """The followed node where it is an object, else an empty one."""
        found = self.follow(node)
        return found if isinstance(found, dict) else {}

    def schema(self, node: Any, depth: int = DEPTH) -> Schema:
        """A schema as a tree without references. Its outermost object is the caller's own."""
        found = self.follow(node)
        key = (id(found), depth)
        if key not in self._known:
            self._known[key] = self._schema(found, depth, iter(range(NODES)), ())
        return dict(self._known[key])

    def _at(self, reference: str) -> Any:
        if reference not in self._places:
            self._places[reference] = self._found(reference)
        return self._places[reference]

    def _found(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return None
        node: Any = self._root
        for step in reference[2:].split("/")[:REFERENCES]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict):
                node = node.get(step)
            elif isinstance(node, list) and step.isdecimal() and int(step) < len(node):
                node = node[int(step)]
            else:
                return None
        return node

    def _schema(self, node: Any, depth: int, left: Iterator[int], above: tuple[int, ...]) -> Schema:
        if depth <= 0 or not isinstance(node, dict):
            return {}
        if self._left <= 0:
            self.spent = True
            return {}
        found = self.follow(node)
        if not isinstance(found, dict) or id(found) in above or next(left, None) is None:
            return {}
        self._left -= 1
        above = (*above, id(found))

        def inner(child: Any) -> Schema:
            return self._schema(child, depth - 1, left, above)

        schema: Schema = {k: v for k, v in found.items() if k not in _NESTED}
        for key in ("items", "additionalProperties", "not"):
            if isinstance(found.get(key), dict):
                schema[key] = inner(found[key])
            elif isinstance(found.get(key), bool):
                schema[key] = found[key]
        properties = found.get("properties")
        if isinstance(properties, dict):
            schema["properties"] = {str(k): inner(v) for k, v in properties.items()}
        for key in ("oneOf", "anyOf"):
            if isinstance(found.get(key), list):
                schema[key] = [inner(child) for child in found[key]]
        parts = found.get("allOf")
        for part in parts if isinstance(parts, list) else []:
            _merge(schema, inner(part))
        if isinstance(node.get("$ref"), str) and schema.get("type") in _PLAIN:
            # What a plain value is called where it is defined tells what it is: `VesselId`.
            schema.setdefault("title", node["$ref"].rpartition("/")[2][:200])
        return schema


_PLAIN = ("string", "integer")
_NESTED = {
    "$ref", "items", "additionalProperties", "not", "properties", "oneOf", "anyOf", "allOf",
    "$defs", "definitions",
}  # fmt: skip


def _merge(schema: Schema, part: Schema) -> None:
    """Adds a conjunct: members and demands of both hold, the first word on anything else."""
    for key, value in part.items():
        if key == "properties":
            schema["properties"] = {**value, **schema.get("properties", {})}
        elif key == "required" and isinstance(value, list):
            schema["required"] = [*(schema.get("required") or []), *value]
        else:
            schema.setdefault(key, value)


def alternative(schema: Schema) -> Schema:
    """The schema itself, or with its first alternative that isn't null merged into it."""
    for key in ("oneOf", "anyOf"):
        for choice in schema.get(key) or []:
            if choice.get("type") != "null":
                merged = {k: v for k, v in schema.items() if k != key}
                _merge(merged, alternative(choice))
                return merged
    return schema


def type_of(schema: Schema) -> str:
    """The schema's type; guessed from its members where it says none, empty where nothing tells."""
    schema = alternative(schema)
    said = schema.get("type")
    if isinstance(said, list):
        said = next((t for t in said if t != "null"), "")
    if isinstance(said, str) and said:
        return said
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else ""


def properties(schema: Schema) -> dict[str, Schema]:
    """The declared members of an object; none for anything else."""
    found = alternative(schema).get("properties")
    return found if isinstance(found, dict) else {}


def required(schema: Schema) -> list[str]:
    """The members that an object must have."""
    found = alternative(schema).get("required")
    return [str(name) for name in found] if isinstance(found, list) else []


def walk(schema: Schema, depth: int = 6) -> Iterator[tuple[str, Schema]]:
    """Every member below a schema with its own name, outermost first; items of lists too."""
    level = [schema]
    for _ in range(depth):
        below: list[Schema] = []
        for node in level:
            node = alternative(node)
            for name, part in properties(node).items():
                yield name, part
                below.append(part)
            if isinstance(node.get("items"), dict):
                below.append(node["items"])
        if not below:
            return
        level = below
