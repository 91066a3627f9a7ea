"""Signing keys are replaced and ended while the service runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt

from l7audit_stack.api.security.signing_keys import SigningKeys

if TYPE_CHECKING:
    from tests.reference_stack.api.routes.conftest import People

Within = Callable[..., None]


def _token(people: People) -> dict[str, str]:
    text, _ = people.parts.issuer.issue(
        subject=people.ids["root"], tenant=_tenant(people), scopes=None, now=time.time()
    )
    return {"Authorization": f"Bearer {text}"}


def _tenant(people: People) -> str:
    return str(_tenants[people.ids["root"]])


_tenants: dict[str, Any] = {}


async def _learn_tenant(people: People) -> None:
    _tenants[people.ids["root"]] = await people.parts.database.fetchval(
        "SELECT tenant_id FROM principals WHERE id = $1::uuid", people.ids["root"]
    )


def _kid(header: dict[str, str]) -> str:
    return str(jwt.get_unverified_header(header["Authorization"][7:])["kid"])


async def _retire_all_but_the_first(people: People) -> None:
    items = (await people.root.get("/v1/signing-keys")).json()["items"]
    for item in items[1:]:
        await people.root.delete(f"/v1/signing-keys/{item['id']}")


def test_a_new_key_is_published_before_it_signs(within: Within) -> None:
    async def story(people: People) -> None:
        await _learn_tenant(people)
        before = _kid(_token(people))
        made = await people.root.post("/v1/signing-keys", json={"signs_in_seconds": 60})
        assert made.status_code == 201
        assert made.json()["state"] == "published"
        jwks = (await people.nobody.get("/.well-known/jwks.json")).json()["keys"]
        assert made.json()["id"] in [key["kid"] for key in jwks]
        assert _kid(_token(people)) == before
        await _retire_all_but_the_first(people)

    within(story)


def test_tokens_of_a_retired_key_are_refused_and_others_are_not(within: Within) -> None:
    async def story(people: People) -> None:
        await _learn_tenant(people)
        old = _token(people)
        made = await people.root.post("/v1/signing-keys", json={"signs_in_seconds": 1})
        signing: SigningKeys = people.parts.signing
        new_kid = made.json()["id"]
        text = jwt.encode(
            jwt.decode(old["Authorization"][7:], options={"verify_signature": False})
            | {"jti": "another"},
            signing.private[new_kid],
            algorithm="EdDSA",
            headers={"kid": new_kid, "typ": "at+jwt"},
        )
        new = {"Authorization": f"Bearer {text}"}

        async def statuses() -> list[int]:
            asked = [await people.nobody.get("/v1/me", headers=h) for h in (old, new)]
            return [answer.status_code for answer in asked]

        assert await statuses() == [200, 200]
        assert (await people.root.delete(f"/v1/signing-keys/{new_kid}")).status_code == 204
        assert await statuses() == [200, 401]

    within(story)


def test_the_last_key_stays_and_unknown_ones_are_unknown(within: Within) -> None:
    async def story(people: People) -> None:
        await _retire_all_but_the_first(people)
        (item,) = (await people.root.get("/v1/signing-keys")).json()["items"]
        assert item["state"] == "signing"
        last = await people.root.delete(f"/v1/signing-keys/{item['id']}")
        assert last.status_code == 409
        assert (await people.root.delete("/v1/signing-keys/none")).status_code == 404

    within(story)


def test_only_operators_touch_signing_keys(within: Within) -> None:
    async def story(people: People) -> None:
        for person in (people.alice, people.bob, people.nobody):
            answers = [
                await person.get("/v1/signing-keys"),
                await person.post("/v1/signing-keys", json={}),
                await person.delete("/v1/signing-keys/some"),
            ]
            assert {a.status_code for a in answers} <= {401, 403}

    within(story)


def test_a_folder_that_can_not_be_written_is_said(within: Within, tmp_path: Path) -> None:
    async def story(people: People) -> None:
        people.parts.signing.folder = tmp_path / "absent" / "jwt"
        answer = await people.root.post("/v1/signing-keys", json={})
        assert answer.status_code in {404, 409}

    within(story)
