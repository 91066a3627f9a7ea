"""Members that services use for what no caller may decide, whether or not an answer shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from l7audit.target import meaning
from l7audit.target.persons import Facts
from l7audit.target.schemas import Schema, properties
from l7audit.target.words import says, words
from l7audit_suites.mass.members import Meaning, Wish, open_ended

_STANDING = {"verified": True, "is_verified": True, "approved": True, "status": "approved",
             "balance": 1_000_007, "credits": 1_000_007}  # fmt: skip
_UUID = 36
"""Characters of a UUID: one is not tried in place of a name."""

_PERSON = ("owner_id", "user_id", "created_by")
_TENANT = ("tenant_id", "org_id", "organization_id")


def guesses(
    takes: Schema, shown: Sequence[str], kind: Meaning, stranger: Facts, powers: Sequence[str]
) -> Iterator[Wish]:
    """Wishes of a kind for members that the request does not declare; none where its schema
    says that members of any name are welcome. `shown` are names that answers show."""
    if open_ended(takes):
        return
    known = {words(name) for name in (*properties(takes), *shown)}
    for name, value in _named(kind, stranger, powers):
        if words(name) not in known:
            yield Wish((name,), value, learned=False)


def _named(kind: Meaning, stranger: Facts, powers: Sequence[str]) -> Iterator[tuple[str, object]]:
    if kind is Meaning.POWER:
        strongest = powers[0] if powers else "admin"
        yield from (("role", strongest), ("roles", [strongest]), ("is_admin", True),
                    ("admin", True), ("permissions", ["*"]))  # fmt: skip
    elif kind is Meaning.OWNER:
        yield from ((name, stranger.person[0]) for name in _PERSON if stranger.person)
        yield from ((name, stranger.tenant[0]) for name in _TENANT if stranger.tenant)
    elif kind is Meaning.STANDING:
        yield from _STANDING.items()
    else:
        yield from (("id", "l7audit-7"), ("created_at", "2001-02-03T04:05:06Z"))


def owner_values(name: str, value: object, stranger: Facts) -> list[str]:
    """What a member that names an owner or a tenant would be for a stranger, those of the same
    form as its value first."""
    told = stranger.tenant if says(words(name), *meaning.TENANT) else stranger.person
    form = len(str(value)) == _UUID
    return sorted(told, key=lambda text: (len(text) == _UUID) != form)[:2]
