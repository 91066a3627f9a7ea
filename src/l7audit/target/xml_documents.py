"""XML documents that fit a schema. Pure."""

from __future__ import annotations

import random
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from l7audit.target.compose import compose
from l7audit.target.schemas import Schema, alternative, properties, type_of

_DEPTH = 5


def is_xml(media: str) -> bool:
    """Whether a media type is of XML."""
    essence = media.split(";")[0].strip().lower()
    return essence in {"application/xml", "text/xml"} or essence.endswith("+xml")


def sample(schema: Schema, value: Any, choice: random.Random | None = None) -> str:
    """A document of a schema: the author's example where that is one, else one with this value;
    what it lacks is made up by `choice`. A list that it leaves empty gets one thing."""
    if isinstance(value, str) and value.lstrip().startswith("<"):
        return value
    schema, named = alternative(schema), _said(alternative(schema)).get("name")
    made_up = choice or random.Random(0)
    return _element(str(named or "document"), schema, value, made_up, _DEPTH)


def _said(schema: Schema) -> dict[str, Any]:
    found = schema.get("xml")
    return found if isinstance(found, dict) else {}


def _element(name: str, schema: Schema, value: Any, choice: random.Random, depth: int) -> str:
    if depth <= 0 or type_of(schema) != "object":
        return f"<{name}>{escape(_text(value))}</{name}>"
    given = value if isinstance(value, dict) else {}
    attributes, inner = "", ""
    for member, part in properties(schema).items():
        if part.get("readOnly") and member not in given:
            continue
        said = _said(part)
        called = str(said.get("name") or member)
        held = given[member] if member in given else compose(part, choice)
        if said.get("attribute"):
            attributes += f" {called}={quoteattr(_text(held))}"
        elif type_of(part) == "array":
            found = part.get("items")
            items = alternative(found) if isinstance(found, dict) else {}
            listed = held if isinstance(held, list) and held else [compose(items, choice)]
            elements = "".join(_element(called, items, v, choice, depth - 1) for v in listed)
            inner += f"<{called}>{elements}</{called}>" if said.get("wrapped") else elements
        else:
            inner += _element(called, alternative(part), held, choice, depth - 1)
    return f"<{name}{attributes}>{inner}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else "1"
