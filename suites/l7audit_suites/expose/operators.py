"""Where operators put what is theirs, and what they keep there: folders with names to be tried.

No framework tells whether a folder is there, so each name costs a request. The lists are short: the
folders' names are those that guides and routers know, the names in them are the document's own
nouns and such of the usual public lists of words as nobody but an operator has a use for. What an
operator called by a word of his own is not found in this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from l7audit.target.target_model import TargetModel
from l7audit.target.words import words
from l7audit_suites.expose.routes import collections, documented, folders, other_number

MOST = 150
"""The most names that are tried of these."""

_MOST_NOUNS = 8
_KEPT = (
    "users", "accounts", "customers", "clients", "members", "sessions", "tokens", "keys", "config",
    "settings", "env", "metrics", "stats", "logs", "audit", "events", "jobs", "tasks", "queue",
    "outbox", "emails", "export", "backup", "dump", "manifest", "reports", "billing", "state",
)  # fmt: skip
"""What is kept for operators, in the order in which it is tried."""

_TOLD = ("config", "settings", "env", "state", "users", "sessions", "requests", "routes", "logs")
"""What is told to developers."""

_AT_ROOT: Mapping[str, int] = {
    "internal": 28, "admin": 10, "private": 3, "ops": 3, "management": 3, "_internal": 3,
}  # fmt: skip
_BELOW: Mapping[str, int] = {"internal": 12, "admin": 8}
_DEBUG = ("debug", "_debug")
"""How many of what is kept is looked for in each folder."""


def operators_places(model: TargetModel) -> Iterator[tuple[str, list[str]]]:
    """Folders with names in them, at the target's root and where the document's collections lie;
    `MOST` names at most, and none that the document has."""
    left = MOST
    for folder, names in _places(model):
        fresh = [n for n in dict.fromkeys(names) if not documented(model, f"{folder}/{n}")][:left]
        left -= len(fresh)
        if fresh:
            yield folder, fresh


def _places(model: TargetModel) -> Iterator[tuple[str, list[str]]]:
    root, *bases = folders(model)
    nouns = own_nouns(model)
    for base, known in ((root, _AT_ROOT), *((b, _BELOW) for b in bases[-1:])):
        for folder, most in known.items():
            # Of what a document has nouns for lists are kept first of all.
            own = nouns if folder in ("internal", "admin") else ()
            yield f"{base}/{folder}", [*own, *_KEPT[:most]] if base == root else [*_KEPT[:most]]
        yield from ((f"{base}/{folder}", list(_TOLD)) for folder in _DEBUG)


def own_nouns(model: TargetModel) -> Sequence[str]:
    """What the document itself calls its things, in the plural, the names of collections first."""
    named = [base.rpartition("/")[2] for base in collections(model)]
    tags = [t.strip().lower() for o in model.documented for t in o.tags]
    single = [t for t in tags if t.isascii() and t.isalpha()]
    many = [t if t.endswith("s") else other_number(t) for t in dict.fromkeys(single)]
    return tuple(dict.fromkeys(n for n in (*named, *many) if words(n)))[:_MOST_NOUNS]
