"""Things of the house: shown to everybody, and an ordinary caller is refused to make one. Then he
may not change those that are there either, unless one is his."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from l7audit.harness.check import Check
from l7audit.model import Identity, Place
from l7audit.target.operation import Operation
from l7audit.target.schemas import required
from l7audit.target.surface import Surface
from l7audit_suites.authz.acts import harmless
from l7audit_suites.authz.things import ask, heard, may_not_make

_MOST = 2


def changes_of_the_house(check: Check, one: Identity, known: Collection[Place]) -> list[Surface]:
    """Operations that change what the caller may not make; without those that are known already."""
    found: list[Surface] = []
    for change, maker in _pairs(check.model.operations):
        surface = check.model.surface(change)
        if change.place in known or not harmless(surface):
            continue
        if _refused(check, check.model.surface(maker), one):
            found.append(surface)
        if len(found) == _MOST:
            break
    return found


def _pairs(operations: Collection[Operation]) -> Iterator[tuple[Operation, Operation]]:
    """What changes a thing of a public collection, and what makes one there; both closed."""
    at = {(o.method, o.template.rstrip("/")): o for o in operations}
    for change in operations:
        collection, _, last = change.template.rstrip("/").rpartition("/")
        listing, maker = at.get(("GET", collection)), at.get(("POST", collection))
        if change.method in {"PUT", "PATCH"} and last.startswith("{") and "{" not in collection:
            closed = maker is not None and not maker.public and not change.public
            if maker is not None and closed and listing is not None and listing.public:
                yield change, maker


def _refused(check: Check, maker: Surface, one: Identity) -> bool:
    """Whether he is refused, and not his request: it lacks what is required, so nothing is made."""
    if not required(maker.operation.json_schema):
        return may_not_make(check, maker, one)
    if not may_not_make(check, maker, one):
        heard(check, maker, one, ask(check, maker, one, json={}))
    return may_not_make(check, maker, one)
