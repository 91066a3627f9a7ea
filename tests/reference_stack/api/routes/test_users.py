"""A tenant's users in the hands of its admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Within = Callable[..., None]


def test_an_admin_makes_a_user_whose_password_is_shown_once_and_works(within: Within) -> None:
    async def story(people: Any) -> None:
        made = await people.alice.post("/v1/users", json={"name": "fred", "role": "member"})
        assert made.status_code == 201
        password = made.json()["password"]
        shown = await people.alice.get(made.headers["location"])
        assert password not in shown.text
        stored = await people.parts.identities.user_by_username(made.json()["username"])
        assert await people.parts.passwords.check(password, stored[1])
        again = await people.alice.post("/v1/users", json={"name": "fred"})
        assert again.status_code == 409
        elsewhere = await people.erin.post("/v1/users", json={"name": "fred"})
        assert elsewhere.status_code == 201

    within(story)


def test_nobody_but_the_tenants_admin_sees_or_changes_its_users(within: Within) -> None:
    async def story(people: Any) -> None:
        path = f"/v1/users/{people.ids['carol']}"
        for method, url, body in (
            ("GET", "/v1/users", None),
            ("POST", "/v1/users", {"name": "mallory", "role": "admin"}),
            ("GET", path, None),
            ("PATCH", path, {"role": "admin"}),
            ("DELETE", path, None),
        ):
            for name in ("bob", "carol", "dave", "root"):
                answer = await getattr(people, name).request(method, url, json=body)
                assert answer.status_code == 403, (method, url, name)
        assert (await people.erin.get(path)).status_code == 404
        assert (await people.erin.patch(path, json={"role": "admin"})).status_code == 404
        names = {item["name"] for item in (await people.alice.get("/v1/users")).json()["items"]}
        assert names == {"alice", "bob", "bea", "carol"}

    within(story)


def test_a_changed_role_and_a_deactivation_hold_from_the_next_request_on(within: Within) -> None:
    async def story(people: Any) -> None:
        path = f"/v1/users/{people.ids['carol']}"
        assert (await people.carol.post("/v1/agents", json={"name": "x"})).status_code == 403
        await people.alice.patch(path, json={"role": "member"})
        assert (await people.carol.post("/v1/agents", json={"name": "x"})).status_code == 201
        assert (await people.alice.delete(path)).status_code == 204
        assert (await people.carol.get("/v1/me")).status_code == 401
        await people.alice.patch(path, json={"active": True})
        assert (await people.carol.get("/v1/me")).json()["role"] == "member"

    within(story)


def test_no_admin_locks_themselves_out(within: Within) -> None:
    async def story(people: Any) -> None:
        path = f"/v1/users/{people.ids['alice']}"
        assert (await people.alice.delete(path)).status_code == 403
        assert (await people.alice.patch(path, json={"role": "viewer"})).status_code == 403
        assert (await people.alice.get("/v1/me")).json()["role"] == "admin"

    within(story)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "Fred"},
        {"name": "fred\n"},
        {"name": "fr\u00e9d"},
        {"name": "fred", "role": "operator"},
        {"name": "fred", "password": "short"},
        {"name": "fred", "tier": "enterprise"},
        {"name": "fred", "tenant_id": "12345678-1234-1234-1234-123456789abc"},
    ],
)
def test_what_an_admin_may_not_choose_is_refused(within: Within, body: dict[str, Any]) -> None:
    async def story(people: Any) -> None:
        assert (await people.alice.post("/v1/users", json=body)).status_code == 422

    within(story)


def test_changes_of_users_are_in_the_tenants_audit_log_alone(within: Within) -> None:
    async def story(people: Any) -> None:
        made = await people.alice.post("/v1/users", json={"name": "fred"})
        query = {"action": "user.create"}
        [event] = (await people.alice.get("/v1/audit", params=query)).json()["items"]
        assert event["object"] == f"user:{made.json()['id']}"
        assert event["actor"] == people.ids["alice"]
        assert (await people.erin.get("/v1/audit", params=query)).json()["items"] == []
        assert (await people.bob.get("/v1/audit")).status_code == 403

    within(story)
