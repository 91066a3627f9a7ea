"""Forms that take files: one file of somebody's in their keeping, and a stranger who names his."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit_suites.input.ground import callers
from l7audit_suites.path.namings import NAMINGS, plainly
from l7audit_suites.path.stores import folders
from l7audit_suites.path.uploads import File, Store, opened

_PLACES = 6
_FEW_PLACES = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that its owner handed in under a name that nobody else has. `mark` is in it; `given`
    and `path` say where it is read; `folders` are words that its folder may be called by."""

    store: Store
    owner: Identity
    name: str
    mark: str = field(repr=False)
    given: Answer
    path: Mapping[str, str]
    folders: tuple[str, ...]

    def whole(self) -> bool:
        """Whether its owner finds in it what he handed in."""
        return self.shows(self.mark)

    def shows(self, mark: str) -> bool:
        """Whether its owner finds this mark in it."""
        shown = self.store.shown(self.given, self.path)
        return any(a.ok and mark in a.text for _, a in shown)

    def apart(self, stranger: Store) -> bool:
        """Whether he is known to have no folder in common with the owner: he is of another tenant,
        and of no other role."""
        other, owner = stranger.caller.identity, self.owner
        if other is None or not other.tenant or not owner.tenant:
            return False
        return other.tenant != owner.tenant and other.role == owner.role


def marked(file: File) -> tuple[File, str]:
    """The file with a mark in it that nothing else has."""
    mark = f"l7audit-{secrets.token_hex(8)}"
    return replace(file, content=file.content + mark.encode()), mark


def kept(store: Store) -> Kept | None:
    """A file of whoever opened the form; None where nothing shows it to him."""
    owner = store.caller.identity
    if owner is None:
        return None
    file, mark = marked(store.plain)
    name = f"l7audit-{secrets.token_hex(6)}.{file.ending}"
    given, path = store.give(file, plainly(name))
    if not given.ok:
        return None
    words = folders(store.check, owner, given)[: store.check.sample(_PLACES, _FEW_PLACES)]
    found = Kept(store, owner, name, mark, given, path, words)
    return found if found.whole() else None


def stranger(store: Store) -> Store | None:
    """The same form in the hands of another, of another tenant where there is one."""
    owner = store.caller.identity
    if owner is None:
        return None
    others = [(c.identity, c) for c in callers(store.check) if c.identity not in (None, owner)]
    others.sort(key=lambda pair: (pair[0].tenant == owner.tenant, pair[0].role != owner.role))
    found = (opened(store.check, c, store.surface.operation) for _, c in others)
    return next((one for one in found if one is not None), None)


def sent(store: Store, file: File, paths: Iterable[str]) -> Iterator[tuple[str, list[Answer]]]:
    """Hands the file in, called by each of these paths, in one way after the other. What one way
    left is removed before the next: stores have room for so many files of somebody's."""
    listed, plain = list(paths), f"l7audit-plain.{store.plain.ending}"
    sessions = store.check.sessions
    before, tried = sessions.left_behind, set[str]()
    for how, naming in NAMINGS.items():
        told = [t for path in listed if (t := naming(path, plain)) not in tried]
        tried.update(told)
        yield how, [store.give(file, named)[0] for named in told]
        sessions.clean(but=before)
