"""Fields by which a gateway tells an API who is calling: believed, they are anybody's to write."""

from __future__ import annotations

from collections.abc import Iterator

from l7audit_suites.authz.facts import Facts

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
_ROLE = ("X-Role", "X-Roles", "X-User-Role", "X-User-Roles", "X-Auth-Roles", "X-Groups")
_FLAGS = ("X-Admin", "X-Is-Admin", "X-Internal", "X-Internal-Request")

Fields = dict[str, str]


def claimed(facts: Facts, powers: str = "admin", most: int = 2) -> Iterator[Fields]:
    """Headers that claim to be the person, of the tenant, and of power: by their ids, then by
    their names, at most so many."""
    count = max(len(facts.person), len(facts.tenant), 1)
    for place in range(min(count, most)):
        person, tenant = _at(facts.person, place), _at(facts.tenant, place)
        fields = {
            **dict.fromkeys(_PERSON if person else (), person),
            **dict.fromkeys(_TENANT if tenant else (), tenant),
        }
        if not place:
            fields.update(dict.fromkeys(_ROLE, powers))
            fields.update(dict.fromkeys(_FLAGS, "true"))
        yield {name: text for name, text in fields.items() if _fits(text)}


def _at(texts: tuple[str, ...], place: int) -> str:
    return texts[place] if place < len(texts) else ""


def _fits(text: str) -> bool:
    return text.isascii() and text.isprintable()


def halves(fields: Fields) -> tuple[Fields, Fields]:
    """The two halves of some fields."""
    names = list(fields)
    middle = len(names) // 2
    return {n: fields[n] for n in names[:middle]}, {n: fields[n] for n in names[middle:]}
