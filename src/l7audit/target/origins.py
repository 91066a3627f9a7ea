"""Where things come from: what makes and what lists those that have an address of their own
elsewhere, as `POST /shelves/{id}/books` makes what is read at `/books/{id}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from l7audit.target.operation import Operation
from l7audit.target.schemas import properties
from l7audit.target.words import Words, words

_ABOUT = {
    "all", "list", "listing", "mine", "my", "own", "me", "current", "create", "creation", "new",
    "add", "make", "index",
}  # fmt: skip
"""Words of a segment that say whose things are meant, or what is done with them."""

_NAMING = {
    "id", "uuid", "guid", "ref", "key", "number", "no", "slug", "name", "path", "token", "code",
    "hash", "value",
}  # fmt: skip
"""Words of a parameter that say how a thing is named, and not what it is."""


def called(collection: str) -> Words:
    """What the things of a collection are called; empty for a template that ends in a parameter."""
    segments = [s for s in collection.split("/") if s]
    if not segments or "{" in segments[-1]:
        return ()
    at = max((n for n, s in enumerate(segments) if "{" in s), default=-1)
    return _noun(segments[at + 1 :])


def names_of(item: str) -> frozenset[Words]:
    """What one thing out of many is called at its own address: by its collection, and by what
    names it there."""
    base, _, slot = item.rstrip("/").rpartition("/")
    if "{" not in slot or base.endswith("}"):
        return frozenset()
    named = tuple(w for w in words(slot) if w not in _NAMING)
    return frozenset(n for n in (called(base), named) if n)


def _noun(segments: Sequence[str]) -> Words:
    told = (tuple(w for w in words(s) if w not in _ABOUT) for s in reversed(segments))
    return next(filter(None, told), ())


def items_elsewhere(methods: Mapping[str, frozenset[str]]) -> dict[Words, frozenset[str]]:
    """By what things are called the methods of addresses that nothing at their own collection
    makes. `methods` maps the templates of the target to its methods."""
    found: dict[Words, frozenset[str]] = {}
    for template, taken in methods.items():
        if "POST" not in methods.get(template.rpartition("/")[0], ()):
            for name in names_of(template):
                found[name] = found.get(name, frozenset()) | taken
    return found


def links(operation: Operation, name: Words) -> bool:
    """Whether a body names a thing that is there already: one is put into another, not made."""
    return any(
        words(member) == (*name, "id")
        for schema in operation.bodies.values()
        for member in properties(schema)
    )


def origins(operations: Sequence[Operation], item: str, method: str) -> list[Operation]:
    """What makes (`POST`) or lists (`GET`) things of which one is at `item`: its own collection;
    where that does neither, those elsewhere that call their things alike, the plainest first."""
    base = item.rstrip("/").rpartition("/")[0]
    listed = [o for o in operations if o.method == method]
    own = [o for o in listed if o.template.rstrip("/") == base]
    if own:
        return own[:1]
    names = names_of(item)
    found = [
        o
        for o in listed
        if (name := called(o.template)) in names
        and name
        and not o.template.startswith(f"{base}/{{")  # to be named it would need one itself
        and not (method == "POST" and links(o, name))
    ]
    at_base = called(base)
    return sorted(
        found, key=lambda o: (called(o.template) != at_base, o.template.count("{"), o.template)
    )


def items(operations: Sequence[Operation], collection: str, method: str) -> list[Operation]:
    """The operations of that method on one of the things that a collection makes or lists: right
    below it; where nothing is, at addresses of their own that call their things alike."""
    listed = [o for o in operations if o.method == method and o.template.rstrip("/").endswith("}")]
    below = [o for o in listed if o.template.rstrip("/").rpartition("/")[0] == collection]
    name = called(collection)
    if below or not name:
        return below
    makers = {o.template.rstrip("/") for o in operations if o.method == "POST"}
    return [
        o
        for o in listed
        if name in names_of(o.template)
        and o.template.rstrip("/").rpartition("/")[0] not in makers
        and o.template.count("{") <= collection.count("{") + 1
    ]
