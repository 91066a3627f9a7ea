"""Webhooks: URLs that may be stored and called, secrets that stay sealed, signed deliveries."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from l7audit_stack.api.security.resealing import reseal
from l7audit_stack.api.security.secrets import SecretBox

Within = Callable[..., None]
HOOK = {"name": "hook", "url": "https://hooks.example.com/in"}


def test_a_webhook_shows_its_secret_once_and_keeps_it_sealed(within: Within) -> None:
    async def story(people: Any) -> None:
        made = await people.bob.post("/v1/webhooks", json=HOOK)
        assert made.status_code == 201
        secret = made.json()["secret"]
        path = made.headers["location"]
        assert secret not in (await people.bob.get(path)).text
        assert secret not in (await people.bob.get("/v1/webhooks")).text
        stored = await people.parts.database.fetchrow(
            "SELECT secret_sealed FROM webhooks WHERE id = $1::uuid", made.json()["id"]
        )
        assert secret not in stored["secret_sealed"]

    within(story)


def test_members_see_and_change_their_own_and_the_admin_all_of_the_tenant(within: Within) -> None:
    async def story(people: Any) -> None:
        path = (await people.bob.post("/v1/webhooks", json=HOOK)).headers["location"]
        for method, change in (("GET", None), ("PATCH", {"name": "new"}), ("DELETE", None)):
            answers = {
                name: (await getattr(people, name).request(method, path, json=change)).status_code
                for name in ("bea", "carol", "dave", "erin", "nobody")
            }
            assert answers == {"bea": 404, "carol": 403, "dave": 404, "erin": 404, "nobody": 401}
        assert (await people.bea.get("/v1/webhooks")).json()["items"] == []
        assert len((await people.alice.get("/v1/webhooks")).json()["items"]) == 1
        assert (await people.alice.patch(path, json={"name": "new"})).json()["name"] == "new"
        assert (await people.dave.post(f"{path}/test")).status_code == 404
        assert (await people.bob.delete(path)).status_code == 204

    within(story)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:169.254.169.254]/",
        "https://localhost:8443/",
        "https://user:password@example.com/",
        "file:///etc/passwd",
        "https://example.com/\u0000",
        "https://example.com/ x",
        "javascript:alert(1)",
        "x" * 3000,
    ],
)
def test_a_url_inside_is_neither_stored_nor_put_in_place_of_another(
    within: Within, url: str
) -> None:
    async def story(people: Any) -> None:
        refused = await people.bob.post("/v1/webhooks", json={"name": "x", "url": url})
        assert refused.status_code == 422
        path = (await people.bob.post("/v1/webhooks", json=HOOK)).headers["location"]
        assert (await people.bob.patch(path, json={"url": url})).status_code == 422
        assert (await people.bob.get(path)).json()["url"] == HOOK["url"]

    within(story)


def test_a_delivery_is_signed_with_the_secret(within: Within, sink: Any) -> None:
    port, seen = sink

    async def story(people: Any) -> None:
        hook = {"name": "x", "url": f"http://127.0.0.1:{port}/in", "secret": "s" * 20}
        made = await people.bob.post("/v1/webhooks", json=hook)
        attempt = (await people.bob.post(f"{made.headers['location']}/test")).json()
        assert (attempt["delivered"], attempt["status"]) == (True, 204)
        headers, content = seen[0]
        moment, _, given = headers["x-webhook-signature"].partition(",v1=")
        signed = moment.removeprefix("t=").encode() + b"." + content
        assert given == hmac.new(b"s" * 20, signed, hashlib.sha256).hexdigest()

    within(story, webhook_allowed_hosts=(f"127.0.0.1:{port}",))


def test_a_test_delivery_verifies_a_webhook_until_its_url_changes(
    within: Within, sink: Any
) -> None:
    port, _ = sink

    async def story(people: Any) -> None:
        hook = {"name": "x", "url": f"http://127.0.0.1:{port}/in"}
        path = (await people.bob.post("/v1/webhooks", json=hook)).headers["location"]
        assert (await people.bob.get(path)).json()["verified"] is False
        assert (await people.bob.post(f"{path}/test")).json()["delivered"]
        assert (await people.bob.patch(path, json={"name": "new"})).json()["verified"] is True
        moved = await people.bob.patch(path, json={"url": HOOK["url"]})
        assert moved.json()["verified"] is False

    within(story, webhook_allowed_hosts=(f"127.0.0.1:{port}",))


def test_a_redirect_is_not_followed_and_counts_as_not_delivered(within: Within, sink: Any) -> None:
    port, seen = sink

    async def story(people: Any) -> None:
        hook = {"name": "x", "url": f"http://127.0.0.1:{port}/moved"}
        made = await people.bob.post("/v1/webhooks", json=hook)
        attempt = (await people.bob.post(f"{made.headers['location']}/test")).json()
        assert (attempt["delivered"], attempt["status"]) == (False, 302)
        assert len(seen) == 1

    within(story, webhook_allowed_hosts=(f"127.0.0.1:{port}",))


def test_a_name_that_turned_to_an_inside_address_is_refused_when_called(
    within: Within, sink: Any
) -> None:
    port, seen = sink

    async def story(people: Any) -> None:
        async def resolve(_host: str, _port: int) -> tuple[str, ...]:
            return ("127.0.0.1",)

        url = f"https://hooks.example.com:{port}/"
        made = await people.bob.post("/v1/webhooks", json={"name": "x", "url": url})
        object.__setattr__(people.parts.outbound, "resolve", resolve)
        refused = await people.bob.post(f"{made.headers['location']}/test")
        assert refused.status_code == 422
        assert seen == []

    within(story)


def test_after_a_new_data_key_stored_secrets_are_sealed_with_it(within: Within) -> None:
    async def story(people: Any) -> None:
        made = (await people.bob.post("/v1/webhooks", json=HOOK)).json()
        parts = people.parts
        keys = {**parts.secrets.keys, "zz-newest": b"n" * 32}
        newer = replace(parts, secrets=SecretBox(keys))
        asked = "SELECT secret_sealed FROM webhooks WHERE id = $1::uuid"
        before = await parts.database.fetchval(asked, made["id"])
        assert await reseal(newer) >= 1
        after = await parts.database.fetchval(asked, made["id"])
        assert (newer.secrets.stale(before), newer.secrets.stale(after)) == (True, False)
        place = f"webhooks:{made['id']}:secret"
        only_new = SecretBox({"zz-newest": b"n" * 32})
        assert only_new.open(after, place=place) == made["secret"]
        assert await reseal(newer) == 0
        # Back to the module's own key, for the tests that follow.
        await reseal(replace(parts, secrets=SecretBox(dict(reversed(keys.items())))))

    within(story)


def test_a_secret_that_does_not_open_is_left_as_it_is(within: Within) -> None:
    async def story(people: Any) -> None:
        made = (await people.bob.post("/v1/webhooks", json=HOOK)).json()
        broken = "UPDATE webhooks SET secret_sealed = $2 WHERE id = $1::uuid"
        await people.parts.database.execute(broken, made["id"], "lost:00ff")
        assert await reseal(people.parts) == 0
        asked = "SELECT secret_sealed FROM webhooks WHERE id = $1::uuid"
        assert await people.parts.database.fetchval(asked, made["id"]) == "lost:00ff"
        await people.bob.delete(f"/v1/webhooks/{made['id']}")

    within(story)
