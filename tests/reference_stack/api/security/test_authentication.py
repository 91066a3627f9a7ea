"""Credentials at running replicas: what is accepted, and how soon a revocation holds."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

import pytest

from l7audit_stack.api.security.authentication import STALENESS, Authenticator
from l7audit_stack.data.store import Store

if TYPE_CHECKING:
    from tests.reference_stack.conftest import Replica, World

    from l7audit_stack.api.parts import Parts


async def _me(replica: Replica, headers: dict[str, str]) -> int:
    return (await replica.client.get("/v1/me", headers=headers)).status_code


async def _token(replica: Replica, world: World, name: str) -> dict[str, str]:
    one = world.identities[name]
    given = {"username": one.username, "password": one.password}
    answer = await replica.client.post("/v1/login", json=given)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def _new_key(replica: Replica, world: World, name: str) -> tuple[str, dict[str, str]]:
    given = await replica.client.post("/v1/keys", json={"name": "x"}, headers=world.key(name))
    return given.json()["id"], {"X-API-Key": given.json()["key"]}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "nonsense"},
        {"X-API-Key": "l7_0123456789abcdef_" + "A" * 49},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer a b"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer \xff.\xff.\xff"},
    ],
)
def test_without_a_good_credential_the_answer_is_401(world: World, headers: dict[str, str]) -> None:
    async def story() -> None:
        async with world.replica() as replica:
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            answer = await replica.client.get("/v1/me", headers=raw)
            assert answer.status_code == 401
            assert "Bearer" in answer.headers["www-authenticate"]
            assert answer.json()["detail"] == "Send a valid API key or access token."

    asyncio.run(story())


def test_two_credentials_at_once_are_refused(world: World) -> None:
    async def story() -> int:
        async with world.replica() as replica:
            token = await _token(replica, world, "alice")
            return await _me(replica, {**token, **world.key("alice")})

    assert asyncio.run(story()) == 401


def test_a_repeated_credential_is_refused(world: World) -> None:
    async def story() -> int:
        async with world.replica() as replica:
            key = world.identities["alice"].api_key
            pairs = [("X-API-Key", key), ("X-API-Key", key)]
            return (await replica.client.get("/v1/me", headers=pairs)).status_code

    assert asyncio.run(story()) == 401


def test_a_revoked_key_stops_on_the_other_replica_from_the_next_request_on(world: World) -> None:
    async def story() -> list[int]:
        async with world.replica() as one, world.replica() as two:
            key_id, key = await _new_key(one, world, "bob")
            seen = [await _me(two, key) for _ in range(3)]
            await one.client.delete(f"/v1/keys/{key_id}", headers=world.key("bob"))
            return [*seen, await _me(two, key), await _me(one, key)]

    assert asyncio.run(story()) == [200, 200, 200, 401, 401]


def test_a_revoked_token_stops_on_the_other_replica_from_the_next_request_on(world: World) -> None:
    async def story() -> list[int]:
        async with world.replica() as one, world.replica() as two:
            token = await _token(one, world, "bob")
            seen = [await _me(two, token) for _ in range(3)]
            ended = await one.client.post("/v1/logout", headers=token)
            return [*seen, ended.status_code, await _me(two, token), await _me(one, token)]

    assert asyncio.run(story()) == [200, 200, 200, 204, 401, 401]


def test_without_the_store_a_revocation_holds_within_the_staleness(world: World) -> None:
    """The epoch can't be raised nor read: the database decides, at most a second late."""

    def cut_off(parts: Parts) -> Parts:
        away = Store("redis://:x@127.0.0.1:9")
        parts.limiter.store = away
        return dataclasses.replace(parts, store=away, revocations=type(parts.revocations)(away))

    async def story() -> list[int]:
        async with world.replica(cut_off) as one, world.replica(cut_off) as two:
            key_id, key = await _new_key(one, world, "bob")
            seen = [await _me(two, key)]
            ended = await one.client.delete(f"/v1/keys/{key_id}", headers=world.key("bob"))
            two.app.service.authenticator.staleness = 0.0
            return [*seen, ended.status_code, await _me(two, key)]

    assert STALENESS <= 1.0
    assert asyncio.run(story()) == [200, 204, 401]


def test_a_deactivated_user_is_out_at_once(world: World) -> None:
    async def story() -> list[int]:
        async with world.replica() as one, world.replica() as two:
            made = await one.client.post(
                "/v1/users", json={"name": "frank", "role": "member"}, headers=world.key("alice")
            )
            user = made.json()
            given = {"username": user["username"], "password": user["password"]}
            login = await one.client.post("/v1/login", json=given)
            token = {"Authorization": f"Bearer {login.json()['access_token']}"}
            seen = [await _me(two, token), await _me(two, token)]
            await one.client.delete(f"/v1/users/{user['id']}", headers=world.key("alice"))
            again = await one.client.post("/v1/login", json=given)
            return [*seen, await _me(two, token), again.status_code]

    assert asyncio.run(story()) == [200, 200, 401, 401]


def test_a_remembered_token_still_expires_at_its_moment(world: World) -> None:
    moment = [0.0]

    def own_clock(parts: Parts) -> Parts:
        moment[0] = parts.clock()
        return dataclasses.replace(parts, clock=lambda: moment[0])

    async def story() -> list[int]:
        async with world.replica(own_clock) as replica:
            token = await _token(replica, world, "bob")
            seen = [await _me(replica, token)]
            moment[0] += 899
            seen.append(await _me(replica, token))
            moment[0] += 1
            return [*seen, await _me(replica, token)]

    assert asyncio.run(story()) == [200, 200, 401]


def test_many_requests_at_once_share_one_look_at_the_database(world: World) -> None:
    looks = []

    class Counted(Authenticator):
        async def _load_key(self, grant: object) -> None:
            looks.append(grant)
            await super()._load_key(grant)  # type: ignore[arg-type]

    async def story() -> list[int]:
        counted = lambda parts: dataclasses.replace(parts, authenticator=Counted)  # noqa: E731
        async with world.replica(counted) as replica:
            await _me(replica, world.key("alice"))
            await _me(replica, world.key("alice"))
            looks.clear()
            replica.app.service.authenticator.staleness = -1.0
            return await asyncio.gather(*(_me(replica, world.key("alice")) for _ in range(20)))

    assert set(asyncio.run(story())) == {200}
    assert len(looks) < 20


def test_the_last_use_of_a_key_is_written_in_the_background(world: World) -> None:
    async def story() -> object:
        async with world.replica() as replica:
            key_id, key = await _new_key(replica, world, "bob")
            await _me(replica, key)
        async with world.replica() as replica:
            shown = await replica.client.get(f"/v1/keys/{key_id}", headers=world.key("bob"))
            return shown.json()["last_used_at"]

    assert asyncio.run(story()) is not None
