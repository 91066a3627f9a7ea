"""XML documents with an entity in the place of a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_LEAF = re.compile(r">([^<>&]+)<")
_MOST_LEAVES = 6


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
