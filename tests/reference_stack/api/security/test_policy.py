"""The policy table, every role and permission of it."""

from __future__ import annotations

import itertools

import pytest

from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.table import OPERATIONS
from l7audit_stack.api.security.policy import GRANTS, ROLES, AccessPolicy, Reach
from l7audit_stack.api.security.principals import Principal

POLICY = AccessPolicy()
CASES = list(itertools.product(ROLES, sorted(GRANTS)))


def _principal(role: str, scopes: frozenset[str] | None = None) -> Principal:
    return Principal(
        id="me",
        tenant="ours",
        tenant_name="ours",
        name="me",
        kind="user",
        role=role,
        tier="free",
        method="key",
        credential="k",
        scopes=scopes,
    )


@pytest.mark.parametrize(("role", "permission"), CASES)
def test_each_role_reaches_exactly_as_far_as_the_table_says(role: str, permission: str) -> None:
    reach = GRANTS[permission][role]
    principal = _principal(role)
    expected = {
        ("me", "ours"): reach >= Reach.OWN,
        ("other", "ours"): reach >= Reach.TENANT,
        ("other", "theirs"): reach >= Reach.PLATFORM,
        # Owning something in another tenant gives no way into it.
        ("me", "theirs"): reach >= Reach.PLATFORM,
    }
    for (owner, tenant), may in expected.items():
        assert POLICY.may(principal, permission, owner=owner, tenant=tenant) is may
    assert POLICY.may(principal, permission) is (reach >= Reach.OWN)


@pytest.mark.parametrize(("role", "permission"), CASES)
def test_another_tenants_object_is_answered_as_absent(role: str, permission: str) -> None:
    if GRANTS[permission][role] is Reach.PLATFORM:
        POLICY.require(_principal(role), permission, owner="x", tenant="theirs", what="thing")
        return
    with pytest.raises(Problem) as refused:
        POLICY.require(_principal(role), permission, owner="x", tenant="theirs", what="thing")
    assert refused.value.status == 404


@pytest.mark.parametrize(("role", "permission"), CASES)
def test_without_the_scope_nothing_is_reached(role: str, permission: str) -> None:
    narrow = _principal(role, frozenset({"something:else"}))
    assert POLICY.reach(narrow, permission) is Reach.NONE
    exact = _principal(role, frozenset({permission}))
    assert POLICY.reach(exact, permission) is GRANTS[permission][role]


def test_what_is_not_in_the_table_is_refused() -> None:
    assert not POLICY.may(_principal("admin"), "nothing:known")
    assert not POLICY.may(_principal("superuser"), "me:read")


def test_an_object_that_the_caller_may_see_is_refused_openly() -> None:
    with pytest.raises(Problem) as refused:
        POLICY.require(
            _principal("member"), "agents:write", owner="other", tenant="ours", what="agent"
        )
    assert refused.value.status == 403


def test_an_object_out_of_sight_is_answered_as_absent_within_the_tenant_too() -> None:
    for permission in ("webhooks:read", "webhooks:write", "keys:write"):
        with pytest.raises(Problem) as refused:
            POLICY.require(
                _principal("member"), permission, owner="other", tenant="ours", what="thing"
            )
        assert refused.value.status == 404


def test_half_an_object_is_not_enough_to_be_let_in() -> None:
    assert not POLICY.may(_principal("admin"), "agents:read", owner="me")
    assert not POLICY.may(_principal("member"), "agents:write", tenant="ours")


@pytest.mark.parametrize(
    ("role", "tenant", "owner"),
    [("viewer", "ours", "me"), ("admin", "ours", None), ("operator", "ours", "me")],
)
def test_listings_are_kept_to_the_reach(role: str, tenant: str, owner: str | None) -> None:
    principal = _principal(role)
    assert POLICY.tenant_filter(principal, "keys:read") == tenant
    assert POLICY.owner_filter(principal, "keys:read") == owner


def test_only_a_reach_over_the_platform_lists_all_tenants() -> None:
    unfiltered = {
        (role, permission)
        for role, permission in CASES
        if POLICY.tenant_filter(_principal(role), permission) is None
    }
    assert {role for role, _ in unfiltered} == {"operator"}


def test_every_operations_permission_is_in_the_table() -> None:
    named = {operation.permission for operation in OPERATIONS if operation.permission}
    assert named <= set(GRANTS)
