"""Members that say which text of a thing is meant, as `field` of a filter: a made-up one is
refused, and then nothing beside it is looked at."""

from __future__ import annotations

from dataclasses import replace

from l7audit.target.operation import Operation, is_json
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.words import says, words

_WHICH = ("field", "column", "attribute", "property")
_SAID = {"enum", "const", "default", "example", "examples"}
_DEPTH = 3


def told_texts(operation: Operation) -> list[str]:
    """The names of the texts of what an operation lists, as its document tells."""
    answer = operation.answer_schema
    lists = [answer, *properties(answer).values()]
    items = (p["items"] for p in lists if isinstance(p.get("items"), dict))
    return [n for n, p in properties(next(items, {})).items() if type_of(p) == "string"]


def pointed(operation: Operation) -> Operation:
    """The operation with a text that its things have as the example of such members."""
    names = [n for n in told_texts(operation) if n.lower() != "id"]
    if not names or not operation.json_schema:
        return operation
    bodies = {m: _pointed(s, names[0]) if is_json(m) else s for m, s in operation.bodies.items()}
    return replace(operation, bodies=bodies)


def _pointed(schema: Schema, name: str, depth: int = _DEPTH) -> Schema:
    changed = dict(schema)
    if depth > 0 and properties(schema):
        changed["properties"] = {
            n: {**p, "example": name} if _asks_which(n, p) else _pointed(p, name, depth - 1)
            for n, p in properties(schema).items()
        }
    if depth > 0 and isinstance(schema.get("items"), dict):
        changed["items"] = _pointed(schema["items"], name, depth - 1)
    return changed


def _asks_which(name: str, schema: Schema) -> bool:
    said = _SAID & schema.keys()
    return not said and type_of(schema) == "string" and says(words(name), *_WHICH)
