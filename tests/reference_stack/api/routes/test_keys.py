"""Key administration."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from l7audit_stack.api.security.authentication import STALENESS
from l7audit_stack.api.upkeep import Upkeep

if TYPE_CHECKING:
    from tests.reference_stack.conftest import Replica, World


def _run(world: World, story: Any, **settings: str) -> Any:
    async def run() -> Any:
        async with world.replica(lambda parts: parts, **settings) as replica:
            return await story(replica)

    return asyncio.run(run())


async def _make(replica: Replica, headers: dict[str, str], **fields: Any) -> httpx.Response:
    return await replica.client.post("/v1/keys", json={"name": "k", **fields}, headers=headers)


async def _me(replica: Replica, key: str) -> int:
    return (await replica.client.get("/v1/me", headers={"X-API-Key": key})).status_code


def test_a_key_is_shown_once_and_stored_as_a_hash(world: World) -> None:
    async def story(replica: Replica) -> tuple[str, str, str]:
        made = (await _make(replica, world.key("bob"))).json()
        assert await _me(replica, made["key"]) == 200
        shown = await replica.client.get(f"/v1/keys/{made['id']}", headers=world.key("bob"))
        rows = await replica.parts.database.fetch("SELECT k::text FROM api_keys k")
        return made["key"], shown.text, str([row[0] for row in rows])

    key, shown, stored = _run(world, story)
    assert key not in shown
    assert key.rpartition("_")[2] not in stored


def test_a_narrowed_key_reaches_no_further_and_makes_no_wider_one(world: World) -> None:
    async def story(replica: Replica) -> list[Any]:
        scopes = ["me:read", "keys:write"]
        made = (await _make(replica, world.key("bob"), scopes=scopes)).json()
        narrow = {"X-API-Key": made["key"]}
        agents = await replica.client.get("/v1/agents", headers=narrow)
        wider = await _make(replica, narrow, scopes=["agents:read"])
        same = await _make(replica, narrow)
        return [agents.status_code, wider.status_code, same.json()["scopes"]]

    assert _run(world, story) == [403, 403, ["keys:write", "me:read"]]


def test_a_scope_beyond_the_role_is_refused(world: World) -> None:
    async def story(replica: Replica) -> int:
        return (await _make(replica, world.key("bob"), scopes=["users:write"])).status_code

    assert _run(world, story) == 422


def test_after_a_rotation_both_keys_work_until_the_overlap_ends(world: World) -> None:
    async def story(replica: Replica) -> list[int]:
        old = (await _make(replica, world.key("bob"))).json()
        path = f"/v1/keys/{old['id']}/rotate"
        new = await replica.client.post(
            path, json={"overlap_seconds": 3600}, headers=world.key("bob")
        )
        seen = [await _me(replica, old["key"]), await _me(replica, new.json()["key"])]
        again = await replica.client.post(path, json={}, headers=world.key("bob"))
        at_once = await replica.client.post(
            f"/v1/keys/{new.json()['id']}/rotate",
            json={"overlap_seconds": 0},
            headers=world.key("bob"),
        )
        ended = [await _me(replica, new.json()["key"]), await _me(replica, at_once.json()["key"])]
        return [*seen, again.status_code, *ended]

    assert _run(world, story) == [200, 200, 409, 401, 200]


def test_an_ended_key_is_not_rotated_back_to_life(world: World) -> None:
    async def story(replica: Replica) -> list[int]:
        made = (await _make(replica, world.key("bob"))).json()
        path = f"/v1/keys/{made['id']}"
        gone = await replica.client.delete(path, headers=world.key("bob"))
        twice = await replica.client.delete(path, headers=world.key("bob"))
        back = await replica.client.post(f"{path}/rotate", json={}, headers=world.key("bob"))
        return [gone.status_code, twice.status_code, back.status_code]

    assert _run(world, story) == [204, 204, 409]


@pytest.mark.parametrize(
    ("name", "status"), [("bob", 204), ("alice", 204), ("limited-1", 404), ("erin", 404)]
)
def test_a_key_is_revoked_by_its_owner_and_the_tenants_admin_only(
    world: World, name: str, status: int
) -> None:
    async def story(replica: Replica) -> list[int]:
        made = (await _make(replica, world.key("bob"))).json()
        path = f"/v1/keys/{made['id']}"
        answer = await replica.client.delete(path, headers=world.key(name))
        return [answer.status_code, await _me(replica, made["key"])]

    assert _run(world, story) == [status, 401 if status == 204 else 200]


def test_listings_hold_ones_own_keys_and_for_an_admin_the_tenants(world: World) -> None:
    async def story(replica: Replica) -> list[set[str]]:
        listed = []
        for name in ("bob", "alice", "erin"):
            answer = await replica.client.get("/v1/keys", headers=world.key(name))
            listed.append({item["principal_id"] for item in answer.json()["items"]})
        return listed

    bob, alice, erin = _run(world, story)
    assert len(bob) == 1
    assert bob < alice
    assert not alice & erin


def test_a_viewer_makes_no_keys_and_an_admin_makes_them_for_others(world: World) -> None:
    async def story(replica: Replica) -> list[int]:
        carol = (await replica.client.get("/v1/me", headers=world.key("carol"))).json()["id"]
        erin = (await replica.client.get("/v1/me", headers=world.key("erin"))).json()["id"]
        return [
            (await _make(replica, world.key("carol"))).status_code,
            (await _make(replica, world.key("alice"), principal_id=carol)).status_code,
            (await _make(replica, world.key("alice"), principal_id=erin)).status_code,
            (await _make(replica, world.key("bob"), principal_id=carol)).status_code,
        ]

    assert _run(world, story) == [403, 201, 404, 404]


async def _age(replica: Replica, key_id: str, days: int) -> None:
    await replica.parts.database.execute(
        "UPDATE api_keys SET created_at = created_at - $2::interval WHERE id = $1::uuid",
        key_id,
        timedelta(days=days),
    )


def test_an_old_key_is_listed_as_due_and_still_works(world: World) -> None:
    async def story(replica: Replica) -> list[Any]:
        made = (await _make(replica, world.key("bob"))).json()
        await _age(replica, made["id"], 91)
        shown = await replica.client.get(f"/v1/keys/{made['id']}", headers=world.key("bob"))
        return [made["rotation_due"], shown.json()["rotation_due"], await _me(replica, made["key"])]

    assert _run(world, story) == [False, True, 200]


def test_a_due_key_is_told_when_it_retires_and_replaces_itself(world: World) -> None:
    async def story(replica: Replica) -> list[Any]:
        viewer = (await replica.client.get("/v1/me", headers=world.key("carol"))).json()["id"]
        made = (await _make(replica, world.key("alice"), principal_id=viewer)).json()
        key = {"X-API-Key": made["key"]}
        fresh = await replica.client.get("/v1/me", headers=key)
        await _age(replica, made["id"], 91)
        await asyncio.sleep(STALENESS + 0.1)
        due = await replica.client.get("/v1/me", headers=key)
        new = await replica.client.post(f"/v1/keys/{made['id']}/rotate", json={}, headers=key)
        told = parsedate_to_datetime(due.headers["api-key-retires"])
        left = (told - datetime.now(UTC)).days
        return ["api-key-retires" in fresh.headers, left, new.status_code, new.json()["scopes"]]

    assert _run(world, story) == [False, 12, 201, None]


def test_a_key_past_its_grace_is_retired_by_the_tenants_admin(world: World) -> None:
    async def story(replica: Replica) -> list[Any]:
        made = (await _make(replica, world.key("bob"))).json()
        seen = [await _me(replica, made["key"])]
        await _age(replica, made["id"], 105)
        path = "/v1/keys/retire-overdue"
        other = await replica.client.post(path, headers=world.key("erin"))
        assert other.json()["retired"] == []
        answer = await replica.client.post(path, headers=world.key("alice"))
        return [*seen, answer.json()["retired"] == [made["id"]], await _me(replica, made["key"])]

    assert _run(world, story) == [200, True, 401]


async def _overdue(replica: Replica, world: World) -> str:
    made = (await _make(replica, world.key("bob"))).json()
    await _age(replica, made["id"], 105)
    key: str = made["key"]
    return key


def test_the_background_round_retires_overdue_keys(world: World) -> None:
    async def story(replica: Replica) -> bool:
        made = (await _make(replica, world.key("bob"))).json()
        await _age(replica, made["id"], 105)
        # The replica's own round may have come first.
        await Upkeep(replica.parts, replica.app.service.authenticator).clear_out()
        ended: bool = await replica.parts.database.fetchval(
            "SELECT expires_at IS NOT NULL FROM api_keys WHERE id = $1::uuid", made["id"]
        )
        return ended

    assert _run(world, story)


def test_an_overdue_key_opens_nothing_even_before_the_round(world: World) -> None:
    async def story(replica: Replica) -> int:
        return await _me(replica, await _overdue(replica, world))

    assert _run(world, story) == 401


def test_where_rotation_is_switched_off_old_keys_go_on(world: World) -> None:
    async def story(replica: Replica) -> int:
        key = await _overdue(replica, world)
        await Upkeep(replica.parts, replica.app.service.authenticator).clear_out()
        return await _me(replica, key)

    switched_off = {"SECURITY_LEVEL": "staging", "API_KEY_ROTATION_ENABLED": "false"}
    assert _run(world, story, **switched_off) == 200
