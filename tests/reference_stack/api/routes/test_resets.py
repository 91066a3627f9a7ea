"""A new password for who forgot the old one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from l7audit_stack.api.security.resets import LETTERS, TRIES

if TYPE_CHECKING:
    from tests.reference_stack.conftest import Replica, World

NEW = "a-new-password-of-mine"
pytestmark = pytest.mark.usefixtures("store_server")


def _run(world: World, story: Any) -> Any:
    async def run() -> Any:
        async with world.replica() as replica:
            await replica.app.parts.store.command("DEL", LETTERS)
            return await story(replica)

    return asyncio.run(run())


async def _ask(replica: Replica, username: str) -> httpx.Response:
    return await replica.client.post("/v1/password-resets", json={"username": username})


async def _confirm(replica: Replica, username: str, code: str) -> int:
    given = {"username": username, "code": code, "password": NEW}
    answer = await replica.client.post("/v1/password-resets/confirmation", json=given)
    return answer.status_code


async def _letter(replica: Replica) -> dict[str, str] | None:
    text = await replica.app.parts.store.command("RPOP", LETTERS)
    return json.loads(text) if text else None


def test_a_code_that_was_sent_sets_a_new_password_once(world: World) -> None:
    async def story(replica: Replica) -> None:
        name = str(world.identities["erin"].username)
        assert (await _ask(replica, name)).status_code == 202
        letter = await _letter(replica)
        assert letter is not None
        assert letter["to"] == name
        assert await _confirm(replica, name, letter["code"]) == 204
        assert await _confirm(replica, name, letter["code"]) == 400
        login = {"username": name, "password": NEW}
        assert (await replica.client.post("/v1/login", json=login)).status_code == 200

    _run(world, story)


def test_whoever_asks_learns_nothing_of_who_has_an_account(world: World) -> None:
    async def story(replica: Replica) -> None:
        known = await _ask(replica, str(world.identities["bob"].username))
        unknown = await _ask(replica, "nobody@acme")
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert await _letter(replica) is not None
        assert await _letter(replica) is None
        assert await _confirm(replica, "nobody@acme", "00000000") == 400

    _run(world, story)


def test_a_code_ends_after_a_few_wrong_tries(world: World) -> None:
    async def story(replica: Replica) -> None:
        name = str(world.identities["carol"].username)
        await _ask(replica, name)
        letter = await _letter(replica)
        assert letter is not None
        wrong = "1" * 8 if letter["code"] != "1" * 8 else "2" * 8
        for _ in range(TRIES):
            assert await _confirm(replica, name, wrong) == 400
        assert await _confirm(replica, name, letter["code"]) == 400

    _run(world, story)


def test_a_code_is_another_user_s_no_more_than_nobody_s(world: World) -> None:
    async def story(replica: Replica) -> None:
        await _ask(replica, str(world.identities["dave"].username))
        letter = await _letter(replica)
        assert letter is not None
        assert (
            await _confirm(replica, str(world.identities["alice"].username), letter["code"]) == 400
        )

    _run(world, story)
