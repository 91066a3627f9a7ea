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


def test_a_password_is_changed_by_who_knows_it_and_to_none_that_is_guessed(world: World) -> None:
    one = world.identities["erin"]

    async def change(replica: Replica, current: str | None, new: str) -> int:
        given = {"current_password": current, "new_password": new}
        answer = await replica.client.post(
            "/v1/account/password", json=given, headers=world.key("erin")
        )
        return answer.status_code

    async def story(replica: Replica) -> None:
        assert await change(replica, "wrong", NEW) == 403
        assert await change(replica, one.password, "password1234") == 422
        assert await change(replica, one.password, NEW) == 204
        for password, status in ((one.password, 401), (NEW, 200)):
            login = {"username": one.username, "password": password}
            answer = await replica.client.post("/v1/login", json=login)
            assert answer.status_code == status

    _run(world, story)


def test_who_has_no_password_changes_none(world: World) -> None:
    async def story(replica: Replica) -> None:
        given = {"current_password": "x", "new_password": NEW}
        answer = await replica.client.post(
            "/v1/account/password", json=given, headers=world.key("acme-ci")
        )
        assert answer.status_code == 403

    _run(world, story)
