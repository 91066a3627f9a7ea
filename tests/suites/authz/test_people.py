"""Casts: who is a stranger to whom."""

from __future__ import annotations

from collections.abc import Callable

from l7audit.model import Identity
from l7audit_suites.authz.people import casts_of, powerful

Person = Callable[..., Identity]


def names(*people: Identity | None) -> list[str]:
    return ["" if p is None else p.name for p in people]


def test_one_has_strangers_of_one_s_own_role_in_and_out_of_the_tenant(person: Person) -> None:
    people = [
        person("ann", "admin", "a"), person("bob", "member", "a"), person("cid", "member", "b"),
        person("dan", "member", "a"), person("eve", "viewer", "b"), person("fay", "admin", "b"),
    ]  # fmt: skip
    found = [names(c.owner, c.foreigner, c.peer) for c in casts_of(people)]
    assert found == [["bob", "cid", "dan"], ["ann", "fay", ""]]


def test_without_tenants_the_others_are_peers(person: Person) -> None:
    (cast,) = casts_of([person("ada"), person("ben")])
    assert names(cast.owner, cast.foreigner, cast.peer) == ["ada", "", "ben"]


def test_who_is_limited_or_out_of_use_plays_no_part(person: Person) -> None:
    assert casts_of([person("ada"), person("ben", "user", "", "limited")]) == []
    assert casts_of([person("ada"), person("ben", "user", "", "revoked")]) == []


def test_roles_of_power_are_told_by_their_names_or_by_the_profile(person: Person) -> None:
    assert powerful(person("a", "tenantAdmin"))
    assert powerful(person("a", "root-operator"))
    assert not powerful(person("a", "member"))
    assert powerful(person("a", "wizard"), ["wizard"])
