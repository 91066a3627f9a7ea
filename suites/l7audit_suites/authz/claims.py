"""Fields by which a gateway tells an API who is calling: believed, they are anybody's to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from l7audit.target.persons import Facts
from l7audit.target.words import says, words

_PERSON = (
    "X-User-Id", "X-User", "X-UserId", "X-Username", "X-Forwarded-User", "X-Remote-User",
    "Remote-User", "X-Auth-User", "X-Auth-Request-User", "X-Authenticated-User",
    "X-Authenticated-Userid", "X-Principal-Id", "X-Subject", "X-Account-Id", "X-Customer-Id",
    "X-On-Behalf-Of", "Impersonate-User", "X-Impersonate-User", "X-Consumer-Custom-ID",
)  # fmt: skip
_TENANT = (
    "X-Tenant-Id", "X-Tenant", "X-TenantId", "Tenant-Id", "X-Org-Id", "X-Organization-Id",
    "X-Organization", "X-Workspace-Id", "X-Scope-OrgID", "X-Company-Id", "X-Realm",
)  # fmt: skip
_ROLE = (
    "X-Role", "X-Roles", "X-User-Role", "X-User-Roles", "X-Auth-Role", "X-Auth-Roles", "X-Groups",
    "X-Acting-Role", "X-Effective-Role", "X-Account-Role", "X-User-Type", "X-Forwarded-Role",
    "X-Forwarded-Roles", "X-Forwarded-Groups", "X-Auth-Groups", "X-User-Groups", "X-Access-Level",
    "X-User-Level", "X-Privilege", "X-Privileges", "X-Permissions", "X-Authority",
)  # fmt: skip
_FLAGS = (
    "X-Admin", "X-Is-Admin", "X-Staff", "X-Is-Staff", "X-Superuser", "X-Internal",
    "X-Internal-Request",
)  # fmt: skip
_LEVELS = ("role", "group", "level", "access", "privilege", "permission", "authority", "capacity")

_OWN_PERSON = ("User", "User-Id")
_OWN_TENANT = ("Tenant", "Tenant-Id")
_OWN_ROLE = ("Role", "Roles", "User-Role")
_OWN_FLAGS = ("Admin",)
_MOST_HOUSES = 3

Fields = dict[str, str]


def houses(names: Iterable[str]) -> tuple[str, ...]:
    """What a target's own fields begin with, such as `X-Acme` of `X-Acme-Key`: whoever names one
    field so names the others so."""
    parts = (name.split("-") for name in names)
    found = ("-".join(p[:-1]) for p in parts if len(p) > 2 and p[0].lower() == "x")
    return tuple({house.lower(): house for house in found}.values())[:_MOST_HOUSES]


def of_power(names: Iterable[str]) -> tuple[str, ...]:
    """Those fields of a target's own that say what somebody may."""
    return tuple(dict.fromkeys(name for name in names if says(words(name), *_LEVELS)))


def claimed(
    facts: Facts,
    powers: Sequence[str] = ("admin",),
    own: Sequence[str] = (),
    most: int = 2,
    told: Sequence[str] = (),
) -> Iterator[Fields]:
    """Headers that claim to be the person, of the tenant, and of power: by their ids, then by
    their names, at most so many; power by the words of `powers`, one after the other. `own` are
    the target's `houses`, and `told` its fields `of_power`."""
    count = max(len(facts.person), len(facts.tenant), len(powers), 1)
    for place in range(min(count, most)):
        said = (
            (_PERSON, _OWN_PERSON, _at(facts.person, place)),
            (_TENANT, _OWN_TENANT, _at(facts.tenant, place)),
            ((*_ROLE, *told), _OWN_ROLE, _at(powers, place)),
            (_FLAGS, _OWN_FLAGS, "" if place else "true"),
        )
        yield {
            name: text
            for usual, ends, text in said
            for name in (*usual, *(f"{house}-{end}" for house in own for end in ends))
            if text and _fits(text)
        }


def _at(texts: Sequence[str], place: int) -> str:
    return texts[place] if place < len(texts) else ""


def _fits(text: str) -> bool:
    return text.isascii() and text.isprintable()


def halves(fields: Fields) -> tuple[Fields, Fields]:
    """The two halves of some fields."""
    names = list(fields)
    middle = len(names) // 2
    return {n: fields[n] for n in names[:middle]}, {n: fields[n] for n in names[middle:]}
