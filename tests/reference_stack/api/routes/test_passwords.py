"""A new password for who gives the one that holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reference_stack.conftest import Replica, World

NEW = "a-new-one-of-mine-7"


def _run(world: World, story: Any) -> Any:
    async def run() -> Any:
        async with world.replica() as replica:
            return await story(replica)

    return asyncio.run(run())


def test_who_knows_a_password_changes_it_to_none_that_is_guessed_and_ends_its_sessions(
    world: World,
) -> None:
    one = world.identities["erin"]

    async def change(replica: Replica, current: str | None, new: str) -> int:
        given = {"current_password": current, "new_password": new}
        answer = await replica.client.post(
            "/v1/account/password", json=given, headers=world.key("erin")
        )
        return answer.status_code

    async def enter(replica: Replica, password: str) -> tuple[int, dict[str, str]]:
        login = {"username": one.username, "password": password}
        answer = await replica.client.post("/v1/login", json=login)
        token = answer.json().get("access_token", "")
        return answer.status_code, {"Authorization": f"Bearer {token}"}

    async def story(replica: Replica) -> None:
        _, session = await enter(replica, one.password)
        assert (await replica.client.get("/v1/me", headers=session)).status_code == 200
        assert await change(replica, "wrong", NEW) == 403
        assert await change(replica, one.password, "password1234") == 422
        assert await change(replica, one.password, NEW) == 204
        assert (await replica.client.get("/v1/me", headers=session)).status_code == 401
        assert (await enter(replica, one.password))[0] == 401
        status, session = await enter(replica, NEW)
        assert status == 200
        assert (await replica.client.get("/v1/me", headers=session)).status_code == 200

    _run(world, story)


def test_who_has_no_password_changes_none(world: World) -> None:
    async def story(replica: Replica) -> None:
        given = {"current_password": "x", "new_password": NEW}
        answer = await replica.client.post(
            "/v1/account/password", json=given, headers=world.key("acme-ci")
        )
        assert answer.status_code == 403

    _run(world, story)
