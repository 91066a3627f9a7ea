"""Texts in a JSON answer, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_LEAVES = 2000


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a JSON value with the name of the member that holds it; bounded."""
    left = MOST_LEAVES
    waiting: list[tuple[str, Any]] = [(name, value)]
    while waiting and left:
        left -= 1
        held, node = waiting.pop(0)
        if isinstance(node, dict):
            waiting.extend((str(key), item) for key, item in node.items())
        elif isinstance(node, list):
            waiting.extend((held, item) for item in node)
        elif isinstance(node, str):
            yield held, node


def secrets(value: Any, fewest: int = 16) -> list[str]:
    """Texts that may be a credential: long, without spaces, the likeliest names first."""
    found = [
        (name, text)
        for name, text in texts(value)
        if len(text) >= fewest and text.isascii() and not any(c.isspace() for c in text)
    ]
    found.sort(key=lambda pair: (_rank(pair[0]), -len(pair[1])))
    return list(dict.fromkeys(text for _, text in found))


def _rank(name: str) -> int:
    words = name.lower()
    if any(w in words for w in ("secret", "key", "token", "credential")):
        return 1 if words.endswith(("id", "_at")) else 0
    return 2
