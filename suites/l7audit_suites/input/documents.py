"""XML documents that fit a schema, and the same with an entity in the place of a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from l7audit.target.schemas import Schema, alternative, properties, type_of

_DEPTH = 5
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_LEAF = re.compile(r">([^<>&]+)<")
_MOST_LEAVES = 6


def is_xml(media: str) -> bool:
    """Whether a media type is of XML."""
    essence = media.split(";")[0].strip().lower()
    return essence in {"application/xml", "text/xml"} or essence.endswith("+xml")


def sample(schema: Schema, value: Any) -> str:
    """A document of a schema: the author's example where that is one, else one with this value."""
    if isinstance(value, str) and value.lstrip().startswith("<"):
        return value
    named = alternative(schema).get("xml")
    root = named.get("name", "") if isinstance(named, dict) else ""
    return _element(str(root) or "document", alternative(schema), value, _DEPTH)


def _element(name: str, schema: Schema, value: Any, depth: int) -> str:
    if depth <= 0 or type_of(schema) != "object":
        return f"<{name}>{escape(_text(value))}</{name}>"
    given = value if isinstance(value, dict) else {}
    attributes, inner = "", ""
    for member, part in properties(schema).items():
        said = part.get("xml") if isinstance(part.get("xml"), dict) else {}
        called = str((said or {}).get("name") or member)
        held = given.get(member)
        if (said or {}).get("attribute"):
            attributes += f" {called}={quoteattr(_text(held))}"
        elif type_of(part) == "array":
            items = part.get("items") if isinstance(part.get("items"), dict) else {}
            one = held[0] if isinstance(held, list) and held else None
            element = _element(called, alternative(items or {}), one, depth - 1)
            inner += f"<{called}>{element}</{called}>" if (said or {}).get("wrapped") else element
        else:
            inner += _element(called, alternative(part), held, depth - 1)
    return f"<{name}{attributes}>{inner}</{name}>"


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else "1"


def with_entity(document: str, declared: str) -> Iterator[str]:
    """The document with what `declared` calls `e` in the place of one text after the other; as it
    is, where it has none. `declared` is what stands within the document type's brackets."""
    found = _ROOT.search(document)
    if found is None:
        return
    kind = f"<!DOCTYPE {found.group(1)} [{declared}]>"
    body = document[found.start() :]
    leaves = [m.span(1) for m in _LEAF.finditer(body)][:_MOST_LEAVES]
    if not leaves:
        yield kind + body
    for start, end in leaves:
        yield f"{kind}{body[:start]}&e;{body[end:]}"
