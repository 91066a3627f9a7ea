"""The demo identities."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from l7audit_stack.api.keyring import load_keyring
from l7audit_stack.data.seed import Seeded, seed

if TYPE_CHECKING:
    from tests.reference_stack.conftest import World


def test_every_identity_can_prove_itself_in_its_ways(world: World) -> None:
    async def story() -> None:
        async with world.replica() as replica:
            for one in world.identities.values():
                shown = await replica.client.get("/v1/me", headers=world.key(one.name))
                assert shown.json()["name"] == one.name
                if one.username is not None:
                    given = {"username": one.username, "password": one.password}
                    answer = await replica.client.post("/v1/login", json=given)
                else:
                    secret = {"client_id": one.client_id, "client_secret": one.client_secret}
                    answer = await replica.client.post(
                        "/oauth/token", data={"grant_type": "client_credentials", **secret}
                    )
                bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
                shown = await replica.client.get("/v1/me", headers=bearer)
                assert (shown.json()["role"], shown.json()["tier"]) == (one.role, one.tier)

    asyncio.run(story())


def test_the_roles_and_tiers_are_those_of_the_demo(world: World) -> None:
    roles = {name: one.role for name, one in world.identities.items()}
    assert roles["alice"] == roles["erin"] == "admin"
    assert roles["root-operator"] == "operator"
    assert {one.tier for name, one in world.identities.items() if "limited" in name} == {"free"}


def test_seeding_again_ends_the_older_credentials(world: World) -> None:
    async def again() -> Seeded:
        connection: Any = await asyncpg.connect(world.environment["DATABASE_URL"])
        try:
            keyring = load_keyring(Path(world.environment["SECRETS_DIR"]))
            await seed(connection, keyring)
            return await seed(connection, keyring)
        finally:
            await connection.close()

    async def story() -> tuple[int, int]:
        seeded = await again()
        async with world.replica() as replica:
            old = await replica.client.get("/v1/me", headers=world.key("bob"))
            key = next(one.api_key for one in seeded.identities if one.name == "bob")
            new = await replica.client.get("/v1/me", headers={"X-API-Key": key})
        return old.status_code, new.status_code

    assert asyncio.run(story()) == (401, 200)
