"""Rate policies, changed while replicas run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.reference_stack.conftest import World


def test_a_change_holds_on_every_replica_from_the_next_request_on(world: World) -> None:
    path = "/v1/rate-policies/free/standard"

    async def story() -> list[str]:
        operator = world.key("root-operator")
        async with world.replica() as one, world.replica() as two:
            seen = []

            async def look() -> None:
                answer = await two.client.get("/v1/me", headers=world.key("limited-3"))
                seen.append(answer.headers["ratelimit-policy"])

            await look()
            changed = {"capacity": 7, "refill": 1}
            answer = await one.client.put(path, json=changed, headers=operator)
            assert answer.json()["built_in"] is False
            await look()
            listed = await two.client.get("/v1/rate-policies", headers=operator)
            shown = {(p["tier"], p["name"]): p for p in listed.json()["items"]}
            assert shown["free", "standard"]["capacity"] == 7
            await one.client.delete(path, headers=operator)
            await look()
            return seen

    assert asyncio.run(story()) == [
        '"standard";q=20;w=4',
        '"standard";q=7;w=7',
        '"standard";q=20;w=4',
    ]


def test_a_changed_policy_outlives_the_stores_memory(world: World) -> None:
    async def story() -> str:
        operator = world.key("root-operator")
        async with world.replica() as replica:
            path = "/v1/rate-policies/free/search"
            await replica.client.put(path, json={"capacity": 3, "refill": 1}, headers=operator)
            await replica.parts.store.command("DEL", "l7:policies", "l7:policies:published")
            async with asyncio.timeout(10):
                while not await replica.parts.store.command("EXISTS", "l7:policies:published"):
                    await asyncio.sleep(0.05)
            kept = await replica.parts.store.command("HEXISTS", "l7:policies", "free:search")
            await replica.client.delete(path, headers=operator)
            return str(kept)

    assert asyncio.run(story()) == "1"


@pytest.mark.parametrize("name", ["alice", "bob", "carol"])
def test_only_the_platforms_operators_see_and_change_policies(world: World, name: str) -> None:
    async def story() -> list[int]:
        async with world.replica() as replica:
            headers = world.key(name)
            path = "/v1/rate-policies/free/standard"
            return [
                (await replica.client.get("/v1/rate-policies", headers=headers)).status_code,
                (
                    await replica.client.put(
                        path, json={"capacity": 1, "refill": 1}, headers=headers
                    )
                ).status_code,
                (await replica.client.delete(path, headers=headers)).status_code,
            ]

    assert asyncio.run(story()) == [403, 403, 403]


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("free/standard", {"capacity": 0, "refill": 1}, 422),
        ("free/standard", {"capacity": 1, "refill": 0}, 422),
        ("free/standard", {"capacity": 1, "refill": -1}, 422),
        ("free/standard", {"capacity": 1}, 422),
        ("free/standard", {"capacity": 1, "refill": 1, "backoff_cap": 1e9}, 422),
        ("free/unknown", {"capacity": 1, "refill": 1}, 404),
        ("unknown/standard", {"capacity": 1, "refill": 1}, 404),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    world: World, path: str, change: dict[str, float], status: int
) -> None:
    async def story() -> int:
        async with world.replica() as replica:
            answer = await replica.client.put(
                f"/v1/rate-policies/{path}", json=change, headers=world.key("root-operator")
            )
            return answer.status_code

    assert asyncio.run(story()) == status
