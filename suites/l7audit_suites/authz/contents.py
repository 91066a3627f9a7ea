"""What an answer says of one thing: enough to know it again where it was not made by us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from l7audit.target.words import words

_PASSING = {
    "time", "at", "used", "seen", "etag", "access", "request", "trace", "nonce", "cursor", "on",
    "count", "timestamp", "age",
}  # fmt: skip
_IDS = {(w,) for w in ("id", "uuid", "guid", "key", "slug", "name", "code", "number", "ref")}
_UNLIKELY = 12
"""Characters of an id that hardly stands anywhere by chance."""

Pair = tuple[str, str]


def passing(name: str) -> bool:
    """Whether what a member holds changes by itself, as times do."""
    return bool(_PASSING & set(words(name)[-1:]))


def holds(value: Any, text: str, identifier: str, key: str) -> bool:
    """Whether an answer holds an id as a thing's own: in a member that is called like an id, or
    anywhere if it is long enough not to be there by chance."""
    if len(identifier) >= _UNLIKELY:
        return identifier in text
    return subject(value, identifier, key) is not value or _is_called(value, identifier, key)


def _is_called(node: Any, identifier: str, key: str) -> bool:
    """Whether an object has the id in a member of its own."""
    return isinstance(node, dict) and any(
        isinstance(item, str | int)
        and not isinstance(item, bool)
        and str(item) == identifier
        and (words(str(name)) == words(key) or words(str(name))[-1:] in _IDS)
        for name, item in node.items()
    )


def tells(value: Any, identifier: str, key: str) -> bool:
    """Whether an answer names a thing by its id, and says more of it."""
    node = subject(value, identifier, key)
    return _is_called(node, identifier, key) and any(v != identifier for _, v in _pairs(node))


def says_the_same(value: Any, own: Any, identifier: str, key: str) -> bool:
    """Whether an answer says of a thing what its owner is told of it: that it has this id, and
    half of its other members at least: some change by themselves."""
    theirs, ours = subject(value, identifier, key), subject(own, identifier, key)
    if not (_is_called(theirs, identifier, key) and _is_called(ours, identifier, key)):
        return False
    mine = {pair for pair in _pairs(ours) if pair[1] != identifier}
    return bool(mine) and 2 * len(mine & set(_pairs(theirs))) >= len(mine)


def tells_most(value: Any, own: Any) -> bool:
    """Whether an answer holds more than half of what its owner is told: others who use the
    target at the same time may change the rest."""
    mine = set(_pairs(own))
    return value == own if not mine else 2 * len(mine & set(_pairs(value))) > len(mine)


def subject(value: Any, identifier: str, key: str) -> Any:
    """The first object that holds the id in a member of its own; else the value itself."""
    found: Any = None
    level = [value]
    for _ in range(5):
        below: list[Any] = []
        for node in level:
            if _is_called(node, identifier, key):
                found = node if found is None else found
            if isinstance(node, dict):
                below += node.values()
            elif isinstance(node, list):
                below += node[:200]
        level = below
    return value if found is None else found


def _pairs(value: Any, depth: int = 4) -> Iterator[Pair]:
    """Members with what they hold; flags and what passes by itself tell nothing."""
    if isinstance(value, dict):
        for name, item in value.items():
            if passing(str(name)):
                continue
            if isinstance(item, dict | list) and depth:
                yield from _pairs(item, depth - 1)
            elif isinstance(item, str | int | float) and not isinstance(item, bool) and item != "":
                yield str(name), str(item)
    elif isinstance(value, list):
        for item in value[:50]:
            if isinstance(item, dict | list):
                yield from _pairs(item, depth - 1) if depth else ()
            elif isinstance(item, str) and item:
                yield "", item
