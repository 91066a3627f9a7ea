"""The data key is rotated while replicas work: everything is sealed anew, the old key is gone."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from l7audit_stack.api.app import Application
from l7audit_stack.api.parts import production_parts
from l7audit_stack.api.security.data_keys import DataKeys
from l7audit_stack.api.security.resealing import put_away, reseal
from l7audit_stack.api.security.secrets import SealBrokenError, SecretBox

Within = Callable[..., None]
HOOK = {"name": "hook", "url": "https://hooks.example.com/in"}
SECRET = "a secret of sixteen and more"
ROTATE = "/v1/data-keys/rotate"


@asynccontextmanager
async def _another_replica(people: Any) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
    """A second one on the same database and keys, called as bob."""
    app = Application(production_parts(people.parts.settings))
    app.parts.log.silence()
    await app.open()
    headers = {"X-API-Key": people.bob.headers["X-API-Key"]}
    transport = httpx.ASGITransport(app)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers=headers
        ) as client:
            yield app.parts, client
    finally:
        await app.close()


async def _sealed(people: Any, key: str) -> str:
    asked = "SELECT secret_sealed FROM webhooks WHERE id = $1::uuid"
    return str(await people.parts.database.fetchval(asked, key))


async def _hook(caller: httpx.AsyncClient, url: str = HOOK["url"]) -> str:
    hook = {"name": "hook", "url": url, "secret": SECRET.replace(" ", "-")}
    made = await caller.post("/v1/webhooks", json=hook)
    assert made.status_code == 201
    return str(made.json()["id"])


def _verifies(headers: dict[str, str], content: bytes) -> bool:
    moment, _, given = headers["x-webhook-signature"].partition(",v1=")
    signed = moment.removeprefix("t=").encode() + b"." + content
    secret = SECRET.replace(" ", "-").encode()
    return given == hmac.new(secret, signed, hashlib.sha256).hexdigest()


def test_a_rotation_seals_everything_anew_and_retires_the_old_key(within: Within) -> None:
    async def story(people: Any) -> None:
        key = await _hook(people.bob)
        before, box = await _sealed(people, key), dict(people.parts.secrets.keys)
        told = (await people.root.post(ROTATE)).json()
        after = await _sealed(people, key)
        assert told["resealed"] >= 1
        assert before.partition(":")[0] in told["retired"]
        assert after.startswith(f"{told['id']}:")
        place = f"webhooks:{key}:secret"
        with pytest.raises(SealBrokenError):
            people.parts.secrets.open(before, place=place)
        with pytest.raises(SealBrokenError):
            SecretBox(box).open(after, place=place)
        assert people.parts.secrets.open(after, place=place) == SECRET.replace(" ", "-")
        listed = (await people.root.get("/v1/data-keys")).json()["items"]
        assert [k["id"] for k in listed if k["state"] == "sealing"] == [told["id"]]
        assert not {k["id"] for k in listed} & set(told["retired"])

    within(story)


def test_secrets_work_before_during_and_after_on_both_replicas(within: Within, sink: Any) -> None:
    port, seen = sink

    async def story(people: Any) -> None:
        key = await _hook(people.bob, f"http://127.0.0.1:{port}/in")
        async with _another_replica(people) as (_, other):
            done = asyncio.Event()

            async def deliver(caller: httpx.AsyncClient) -> list[bool]:
                told = []
                while not done.is_set() or len(told) < 3:
                    answer = await caller.post(f"/v1/webhooks/{key}/test")
                    told.append(answer.status_code == 200 and answer.json()["delivered"])
                return told

            async def rotate() -> list[int]:
                await asyncio.sleep(0.05)
                codes = [(await people.root.post(ROTATE)).status_code for _ in range(3)]
                done.set()
                return codes

            first, second, codes = await asyncio.gather(
                deliver(people.bob), deliver(other), rotate()
            )
            assert codes == [200, 200, 200]
            assert all(first)
            assert all(second)
            assert all(_verifies(headers, content) for headers, content in seen)

    within(story, webhook_allowed_hosts=(f"127.0.0.1:{port}",))


def test_a_replica_that_has_not_heard_leaves_nothing_under_the_old_key(within: Within) -> None:
    async def story(people: Any) -> None:
        async with _another_replica(people) as (parts, other):
            old = dict(parts.data_keys.keys)
            kept = await _hook(other)
            told = (await people.root.post(ROTATE)).json()
            parts.data_keys.keys.clear()  # it may have looked meanwhile
            parts.data_keys.keys.update(old)
            key = await _hook(other)
            assert (await _sealed(people, key)).startswith(f"{told['id']}:")
            told = (await people.root.post(ROTATE)).json()
            change = {"secret": SECRET.replace(" ", "+")}
            changed = await other.patch(f"/v1/webhooks/{kept}", json=change)
            assert changed.status_code == 200
            sealed = await _sealed(people, kept)
            assert (
                people.parts.secrets.open(sealed, place=f"webhooks:{kept}:secret")
                == (change["secret"])
            )

    within(story)


def test_two_rotations_at_once_take_turns(within: Within) -> None:
    async def story(people: Any) -> None:
        key = await _hook(people.bob)
        answers = await asyncio.gather(*(people.root.post(ROTATE) for _ in range(3)))
        told = [answer.json() for answer in answers]
        newest = max(one["id"] for one in told)
        assert (await _sealed(people, key)).startswith(f"{newest}:")
        assert list(people.parts.secrets.keys) == [newest]

    within(story)


def test_a_secret_that_does_not_open_keeps_its_key_and_says_so_when_it_is_used(
    within: Within,
) -> None:
    async def story(people: Any) -> None:
        key, old = await _hook(people.bob), people.parts.secrets.newest
        broken = "UPDATE webhooks SET secret_sealed = $2 WHERE id = $1::uuid"
        await people.parts.database.execute(broken, key, f"{old}:00ff")
        told = (await people.root.post(ROTATE)).json()
        assert told["unreadable"] == 1
        assert old not in told["retired"]
        assert old in people.parts.secrets.keys
        assert (await people.bob.post(f"/v1/webhooks/{key}/test")).status_code == 409
        await people.bob.delete(f"/v1/webhooks/{key}")
        assert old in (await people.root.post(ROTATE)).json()["retired"]

    within(story)


def test_a_retired_key_whose_file_stayed_goes_when_a_replica_looks(within: Within) -> None:
    async def story(people: Any) -> None:
        keys: DataKeys = people.parts.data_keys
        old = people.parts.secrets.newest
        await people.root.post(ROTATE)
        away = keys.folder / "retired" / f"{old}.key"
        away.rename(keys.folder / away.name)
        assert keys.refresh()
        assert old in keys.keys
        await put_away(people.parts)
        assert old not in keys.keys
        assert away.exists()

    within(story)


def test_the_hourly_round_never_seals_with_a_retired_key(within: Within) -> None:
    async def story(people: Any) -> None:
        key = await _hook(people.bob)
        parts = people.parts
        stale = replace(parts, secrets=SecretBox(dict(parts.secrets.keys)))
        told = (await people.root.post(ROTATE)).json()
        old = stale.secrets.newest
        box = SecretBox({told["id"]: parts.secrets.keys[told["id"]], old: stale.secrets.keys[old]})
        await reseal(replace(parts, secrets=box))
        assert (await _sealed(people, key)).startswith(f"{told['id']}:")

    within(story)


def test_only_operators_see_and_rotate_data_keys(within: Within) -> None:
    async def story(people: Any) -> None:
        for caller, status in ((people.nobody, 401), (people.bob, 403), (people.alice, 403)):
            assert (await caller.get("/v1/data-keys")).status_code == status
            assert (await caller.post(ROTATE)).status_code == status

    within(story)


def test_a_rotation_is_in_the_audit_log(within: Within) -> None:
    async def story(people: Any) -> None:
        told = (await people.root.post(ROTATE)).json()
        events = (await people.root.get("/v1/audit", params={"limit": 20})).json()["items"]
        assert ("data-key.rotated", f"data-key:{told['id']}") in [
            (event["action"], event["object"]) for event in events
        ]

    within(story)


def test_keys_that_can_not_be_written_are_left_as_they_are(
    within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: DataKeys) -> str:
        raise PermissionError("read-only")

    async def story(people: Any) -> None:
        monkeypatch.setattr(DataKeys, "add", refuse)
        before = dict(people.parts.secrets.keys)
        assert (await people.root.post(ROTATE)).status_code == 409
        assert dict(people.parts.secrets.keys) == before

    within(story)


def test_an_empty_folder_takes_no_key_away(within: Within, tmp_path: Any) -> None:
    async def story(people: Any) -> None:
        keys = DataKeys(tmp_path / "nothing", dict(people.parts.secrets.keys))
        assert keys.refresh() is False
        assert keys.keys == people.parts.secrets.keys

    within(story)
