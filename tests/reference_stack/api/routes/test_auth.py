"""Login, client credentials, public keys, revocation."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest

if TYPE_CHECKING:
    from tests.reference_stack.conftest import Replica, World


def _run(world: World, story: Any) -> Any:
    async def run() -> Any:
        async with world.replica() as replica:
            return await story(replica)

    return asyncio.run(run())


async def _login(replica: Replica, username: Any, password: Any) -> httpx.Response:
    given = {"username": username, "password": password}
    return await replica.client.post("/v1/login", json=given)


def test_wrong_user_and_wrong_password_get_the_same_answer(world: World) -> None:
    async def story(replica: Replica) -> list[tuple[int, dict[str, Any], set[str]]]:
        answers = [
            await _login(replica, world.identities["erin"].username, "wrong"),
            await _login(replica, "nobody@acme", "wrong"),
            # A service account has no password to log in with.
            await _login(replica, "acme-ci", "wrong"),
        ]
        return [
            (
                answer.status_code,
                {k: v for k, v in answer.json().items() if k != "request_id"},
                set(answer.headers),
            )
            for answer in answers
        ]

    first, *others = _run(world, story)
    assert first[0] == 401
    assert all(other == first for other in others)


def test_a_login_gives_a_token_with_every_required_claim(world: World) -> None:
    async def story(replica: Replica) -> tuple[dict[str, Any], dict[str, Any], Any]:
        one = world.identities["erin"]
        answer = await _login(replica, one.username, one.password)
        jwks = (await replica.client.get("/.well-known/jwks.json")).json()
        token = answer.json()["access_token"]
        header = jwt.get_unverified_header(token)
        key = next(key for key in jwks["keys"] if key["kid"] == header["kid"])
        claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["EdDSA"], audience="l7audit-agents")
        return header, claims, answer

    header, claims, answer = _run(world, story)
    assert (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")
    assert {"iss", "aud", "sub", "exp", "nbf", "iat", "jti"} <= set(claims)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 900


def test_guessing_one_account_is_slowed_down_and_others_are_not(world: World) -> None:
    async def story(replica: Replica) -> list[int]:
        username = world.identities["carol"].username
        # All at once, so that nothing is refilled meanwhile.
        guesses = await asyncio.gather(*(_login(replica, username, "guess") for _ in range(14)))
        one = world.identities["dave"]
        other = await _login(replica, one.username, one.password)
        refused = next(answer for answer in guesses if answer.status_code == 429)
        assert "retry-after" in refused.headers
        assert refused.headers["ratelimit-policy"].startswith('"login";q=10')
        return [sum(answer.status_code == 401 for answer in guesses), other.status_code]

    guessed, other = _run(world, story)
    assert guessed <= 11
    assert other == 200


def test_one_address_does_not_try_a_list_of_accounts_through(world: World) -> None:
    async def story(replica: Replica) -> list[httpx.Response]:
        # All at once, so that little is refilled meanwhile.
        guesses = (_login(replica, f"nobody-{n}", "guess") for n in range(70))
        return list(await asyncio.gather(*guesses))

    refused = [answer for answer in _run(world, story) if answer.status_code == 429]
    assert refused
    assert refused[0].headers["ratelimit-policy"].startswith('"logins";q=60')
    assert "retry-after" in refused[0].headers


def _client(world: World) -> dict[str, Any]:
    one = world.identities["acme-ci"]
    return {
        "grant_type": "client_credentials",
        "client_id": one.client_id,
        "client_secret": one.client_secret,
    }


def test_a_service_account_gets_a_token_in_either_place(world: World) -> None:
    async def story(replica: Replica) -> list[int]:
        form = _client(world)
        in_body = await replica.client.post("/oauth/token", data=form)
        pair = f"{form['client_id']}:{form['client_secret']}".encode()
        basic = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        grant = {"grant_type": "client_credentials"}
        in_header = await replica.client.post("/oauth/token", data=grant, headers=basic)
        both = await replica.client.post("/oauth/token", data=form, headers=basic)
        return [in_body.status_code, in_header.status_code, both.status_code]

    assert _run(world, story) == [200, 200, 400]


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": None, "client_secret": None}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "users:write"}, 400, "invalid_scope"),
        ({"scope": "nothing:known"}, 400, "invalid_scope"),
        ({"scope": " "}, 400, "invalid_scope"),
    ],
)
def test_a_refused_token_request_says_why_in_oauths_words(
    world: World, change: dict[str, Any], status: int, error: str
) -> None:
    async def story(replica: Replica) -> httpx.Response:
        form = {k: v for k, v in {**_client(world), **change}.items() if v is not None}
        return await replica.client.post("/oauth/token", data=form)

    answer = _run(world, story)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) is (status == 401)


def test_a_narrowed_token_reaches_no_further_than_its_scope(world: World) -> None:
    async def story(replica: Replica) -> list[int]:
        form = {**_client(world), "scope": "me:read"}
        token = (await replica.client.post("/oauth/token", data=form)).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        paths = ("/v1/me", "/v1/agents", "/v1/keys")
        return [(await replica.client.get(p, headers=bearer)).status_code for p in paths]

    assert _run(world, story) == [200, 403, 403]


async def _bearer(replica: Replica, world: World, name: str) -> tuple[str, dict[str, str]]:
    one = world.identities[name]
    token = (await _login(replica, one.username, one.password)).json()["access_token"]
    return token, {"Authorization": f"Bearer {token}"}


def test_ones_own_token_can_be_revoked_and_anothers_can_not(world: World) -> None:
    async def story(replica: Replica) -> list[int]:
        token, bearer = await _bearer(replica, world, "alice")
        statuses = []
        for name in ("bob", "erin", "alice"):
            answer = await replica.client.post(
                "/oauth/revoke", data={"token": token}, headers=world.key(name)
            )
            alive = await replica.client.get("/v1/me", headers=bearer)
            statuses += [answer.status_code, alive.status_code]
        return statuses

    # Neither a colleague nor another tenant's admin; and the answers do not tell.
    assert _run(world, story) == [200, 200, 200, 200, 200, 401]


def test_an_admin_revokes_a_token_of_the_tenant(world: World) -> None:
    async def story(replica: Replica) -> int:
        token, bearer = await _bearer(replica, world, "bob")
        await replica.client.post(
            "/oauth/revoke", data={"token": token}, headers=world.key("alice")
        )
        return (await replica.client.get("/v1/me", headers=bearer)).status_code

    assert _run(world, story) == 401


def test_a_key_has_no_session_to_end(world: World) -> None:
    async def story(replica: Replica) -> int:
        return (await replica.client.post("/v1/logout", headers=world.key("bob"))).status_code

    assert _run(world, story) == 409
