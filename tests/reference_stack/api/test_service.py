"""The whole way of a request: what every answer carries, and what is refused where."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from l7audit_stack.api.operation import Call, Operation, Reply
from l7audit_stack.api.security.buckets import RatePolicy
from l7audit_stack.data.database import Database
from l7audit_stack.data.store import Store

if TYPE_CHECKING:
    from tests.reference_stack.conftest import World

    from l7audit_stack.api.parts import Parts

HARDENING = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


async def _crash(_call: Call) -> Reply:
    raise ZeroDivisionError("the secret detail")


async def _linger(_call: Call) -> Reply:
    await asyncio.Event().wait()
    return Reply()


async def _pieces() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


async def _stream(_call: Call) -> Reply:
    return Reply(stream=_pieces(), media_type="text/event-stream")


def _with_oddities(parts: Parts) -> Parts:
    def odd(name: str, handler: Any, timeout: float = 10.0) -> Operation:
        return Operation(
            name=f"odd.{name}",
            method="GET",
            path=f"/odd/{name}",
            handler=handler,
            summary="",
            tag="odd",
            public=True,
            timeout=timeout,
        )

    oddities = (odd("crash", _crash), odd("linger", _linger, 0.05), odd("stream", _stream))
    return dataclasses.replace(parts, operations=[*parts.operations, *oddities])


def _ask(world: World, method: str, path: str, **options: Any) -> httpx.Response:
    async def story() -> httpx.Response:
        async with world.replica(_with_oddities) as replica:
            return await replica.client.request(method, path, **options)

    return asyncio.run(story())


CASES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "found": ("GET", "/v1/me", {"as": "alice"}, 200),
    "no credential": ("GET", "/v1/me", {}, 401),
    "no right": ("GET", "/v1/users", {"as": "bob"}, 403),
    "absent": ("GET", "/nothing/here", {}, 404),
    "other case": ("GET", "/V1/me", {"as": "alice"}, 404),
    "trailing slash": ("GET", "/v1/me/", {"as": "alice"}, 404),
    "no such method": ("PUT", "/v1/me", {"as": "alice"}, 405),
    "trace": ("TRACE", "/v1/me", {"as": "alice"}, 405),
    "second spelling": ("GET", "/v1/%6de", {"as": "alice"}, 400),
    "unknown query": ("GET", "/v1/me?x=1", {"as": "alice"}, 422),
    "unexpected body": ("GET", "/v1/me", {"as": "alice", "content": b"x"}, 400),
    "unknown field": ("POST", "/v1/keys", {"as": "bob", "json": {"name": "x", "y": 1}}, 422),
    "too large": ("POST", "/v1/login", {"content": b" " * 1_100_000, "json_type": True}, 413),
    "not json": ("POST", "/v1/login", {"content": b"{", "json_type": True}, 400),
    "other media type": ("POST", "/v1/login", {"content": b"x"}, 415),
    "crash": ("GET", "/odd/crash", {}, 500),
    "too slow": ("GET", "/odd/linger", {}, 503),
    "preflight": ("OPTIONS", "/v1/me", {"headers": {"Access-Control-Request-Method": "GET"}}, 204),
    "options": ("OPTIONS", "/v1/me", {}, 405),
    "stream": ("GET", "/odd/stream", {}, 200),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_every_answer_carries_what_all_answers_carry(world: World, case: str) -> None:
    method, path, given, status = CASES[case]

    async def story() -> None:
        async with world.replica(_with_oddities) as replica:
            for origin in (None, "https://app.example", "https://evil.example"):
                options, expected = _options(world, given), status
                if origin is not None:
                    options["headers"]["Origin"] = origin
                elif case == "preflight":
                    expected = 405
                answer = await replica.client.request(method, path, **options)
                _carries_everything(answer, expected, origin)

    asyncio.run(story())


def _options(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """What a case means for the client."""
    options = dict(given)
    headers = dict(options.pop("headers", {}))
    if "as" in options:
        headers |= world.key(options.pop("as"))
    if options.pop("json_type", False):
        headers["Content-Type"] = "application/json"
    return {**options, "headers": headers}


def _carries_everything(answer: httpx.Response, status: int, origin: str | None) -> None:
    assert answer.status_code == status
    assert answer.headers.items() >= HARDENING.items()
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "origin" in answer.headers["vary"].lower()
    assert len(answer.headers["x-request-id"]) == 20
    assert not {"server", "x-powered-by", "x-xss-protection"} & set(answer.headers)
    granted = answer.headers.get("access-control-allow-origin")
    assert granted == (origin if origin == "https://app.example" else None)
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text


def test_a_head_request_is_answered_like_a_get(world: World) -> None:
    answer = _ask(world, "HEAD", "/v1/me", headers=world.key("alice"))
    assert answer.status_code == 200
    assert "ratelimit" in answer.headers


def test_a_refused_method_names_those_that_work(world: World) -> None:
    allow = _ask(world, "PUT", "/v1/agents", headers=world.key("alice")).headers["allow"]
    assert allow == "GET, HEAD, OPTIONS, POST"


def test_a_method_override_changes_nothing(world: World) -> None:
    headers = {
        **world.key("carol"),
        "X-HTTP-Method-Override": "DELETE",
        "X-Original-URL": "/v1/keys",
    }
    answer = _ask(world, "GET", "/v1/me", headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (200, "carol")


async def _drain(client: httpx.AsyncClient, name: str, world: World, **options: Any) -> list[int]:
    headers = {**world.key(name), **options.pop("headers", {})}
    return [(await client.get("/v1/me", headers=headers, **options)).status_code for _ in range(25)]


def test_a_limited_principal_is_refused_and_told_how_long(world: World) -> None:
    async def story() -> httpx.Response:
        async with world.replica() as replica:
            slow = RatePolicy(capacity=20, refill=0.001)
            replica.parts.rates.built_in = {
                **replica.parts.rates.built_in,
                ("free", "standard"): slow,
            }
            statuses = await _drain(replica.client, "limited-1", world)
            assert statuses == [200] * 20 + [429] * 5
            # Another spelling, another address, another method: the same bucket.
            for method, headers in (
                ("GET", {"X-Forwarded-For": "8.8.8.8"}),
                ("HEAD", {}),
                ("GET", {"X-Real-IP": "8.8.8.8", "Forwarded": "for=8.8.8.8"}),
            ):
                bent = await replica.client.request(
                    method, "/v1/me", headers={**world.key("limited-1"), **headers}
                )
                assert bent.status_code == 429
            return await replica.client.get("/v1/me", headers=world.key("limited-1"))

    answer = asyncio.run(story())
    fields = answer.headers
    assert fields["ratelimit-policy"].startswith('"standard";q=20;w=')
    assert fields["ratelimit"] == f'"standard";r=0;t={fields["retry-after"]}'
    assert int(fields["retry-after"]) >= 900


def test_a_second_key_of_a_principal_shares_the_first_ones_bucket(world: World) -> None:
    async def story() -> list[int]:
        async with world.replica() as replica:
            slow = RatePolicy(capacity=20, refill=0.001)
            replica.parts.rates.built_in = {
                **replica.parts.rates.built_in,
                ("free", "standard"): slow,
            }
            made = await replica.client.post(
                "/v1/keys", json={"name": "second"}, headers=world.key("limited-2")
            )
            await _drain(replica.client, "limited-2", world)
            second = {"X-API-Key": made.json()["key"]}
            return [(await replica.client.get("/v1/me", headers=second)).status_code]

    assert asyncio.run(story()) == [429]


def test_without_the_store_requests_go_on_and_logins_do_not(world: World) -> None:
    def cut_off(parts: Parts) -> Parts:
        away = Store("redis://:x@127.0.0.1:9")
        parts.limiter.store = away
        return dataclasses.replace(parts, store=away)

    async def story() -> list[int]:
        async with world.replica(cut_off) as replica:
            one = world.identities["alice"]
            given = {"username": one.username, "password": one.password}
            return [
                (await replica.client.get("/v1/me", headers=world.key("alice"))).status_code,
                (await replica.client.get("/health/ready")).status_code,
                (await replica.client.post("/v1/login", json=given)).status_code,
            ]

    assert asyncio.run(story()) == [200, 200, 503]


def test_without_the_database_answers_are_503_and_the_process_lives(world: World) -> None:
    def cut_off(parts: Parts) -> Parts:
        database = Database("postgresql://x:y@127.0.0.1:9/z", timeout=0.5)
        identities = type(parts.identities)(database)
        return dataclasses.replace(parts, database=database, identities=identities)

    async def story() -> list[int]:
        async with world.replica(cut_off) as replica:
            answers = [
                await replica.client.get("/v1/me", headers=world.key("alice")),
                await replica.client.get("/health/live"),
            ]
            return [answer.status_code for answer in answers]

    assert asyncio.run(story()) == [503, 200]


def test_a_client_that_leaves_a_stream_ends_the_work_behind_it(world: World) -> None:
    ended = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0.001)
        finally:
            ended.append(True)

    async def handler(_call: Call) -> Reply:
        return Reply(stream=endless(), media_type="text/event-stream")

    def with_stream(parts: Parts) -> Parts:
        operation = Operation(
            name="odd.endless",
            method="GET",
            path="/odd/endless",
            handler=handler,
            summary="",
            tag="odd",
            public=True,
        )
        return dataclasses.replace(parts, operations=[operation])

    async def story() -> None:
        async with world.replica(with_stream) as replica:
            sent: list[Any] = []
            messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

            async def receive() -> Any:
                for message in messages:
                    return message
                while len(sent) < 5:
                    await asyncio.sleep(0.001)
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http",
                "method": "GET",
                "path": "/odd/endless",
                "raw_path": b"/odd/endless",
                "query_string": b"",
                "headers": [],
                "client": ("127.0.0.1", 1),
            }
            async with asyncio.timeout(10):
                await replica.app(scope, receive, send)

    asyncio.run(story())
    assert ended == [True]


def test_refusals_reach_the_audit_trail_without_secrets(world: World) -> None:
    async def story() -> str:
        async with world.replica() as replica:
            await replica.client.get("/v1/users", headers=world.key("carol"))
            await replica.client.get(
                "/v1/me", headers={"X-API-Key": "l7_" + "0" * 16 + "_" + "S" * 49}
            )
        async with world.replica() as replica:
            rows = await replica.parts.database.fetch(
                "SELECT * FROM audit_events ORDER BY seq DESC"
            )
            return json.dumps([list(map(str, row.values())) for row in rows])

    trail = asyncio.run(story())
    assert "access.denied" in trail
    assert "credential.refused" in trail
    assert "SSSS" not in trail
    assert not any(one.api_key in trail for one in world.identities.values())
