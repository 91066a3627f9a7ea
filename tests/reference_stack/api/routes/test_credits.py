"""Usage credits and vouchers: value is moved whole, once, and for nobody but who may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

Within = Callable[..., None]


async def balance(person: Any) -> int:
    held: int = (await person.get("/v1/credits")).json()["balance"]
    return held


async def endow(people: Any) -> None:
    """The platform gives what is moved afterwards."""
    for name in ("alice", "bob"):
        granted = {"principal_id": people.ids[name], "credits": 100}
        assert (await people.root.post("/v1/credits/grants", json=granted)).status_code == 201


def test_credits_go_to_others_of_the_tenant_and_never_elsewhere(within: Within) -> None:
    async def story(people: Any) -> None:
        await endow(people)
        his, hers = await balance(people.bob), await balance(people.alice)
        given = {"to_principal_id": people.ids["alice"], "credits": 7}
        answer = await people.bob.post("/v1/credits/transfers", json=given)
        assert (answer.status_code, answer.json()) == (201, {"balance": his - 7})
        assert await balance(people.alice) == hers + 7
        for taker in (people.ids["dave"], people.ids["bob"]):
            wanted = {**given, "to_principal_id": taker}
            answer = await people.bob.post("/v1/credits/transfers", json=wanted)
            assert answer.status_code == 404, taker
        too_much = {**given, "credits": his}
        assert (await people.bob.post("/v1/credits/transfers", json=too_much)).status_code == 409
        assert (await people.carol.post("/v1/credits/transfers", json=given)).status_code == 403
        assert await balance(people.bob) == his - 7

    within(story)


def test_amounts_that_make_no_sense_are_refused(within: Within) -> None:
    async def story(people: Any) -> None:
        await endow(people)
        his = await balance(people.bob)
        for amount in (-1, 0, 0.5, 2**63, 1e30, "1e3", "NaN", None, True):
            given = {"to_principal_id": people.ids["alice"], "credits": amount}
            answer = await people.bob.post("/v1/credits/transfers", json=given)
            assert answer.status_code in {400, 422}, amount
            answer = await people.bob.post("/v1/vouchers", json={"credits": amount})
            assert answer.status_code in {400, 422}, amount
        assert await balance(people.bob) == his

    within(story)


def test_a_voucher_is_paid_for_shown_once_and_redeemed_once(within: Within) -> None:
    async def story(people: Any) -> None:
        await endow(people)
        his, hers = await balance(people.bob), await balance(people.carol)
        made = (await people.bob.post("/v1/vouchers", json={"credits": 5})).json()
        assert await balance(people.bob) == his - 5
        shown = await people.bob.get(f"/v1/vouchers/{made['id']}")
        assert made["code"] not in shown.text
        code = {"code": made["code"]}
        stranger = await people.dave.post("/v1/vouchers/redemptions", json=code)
        assert stranger.status_code == 404
        first = await people.carol.post("/v1/vouchers/redemptions", json=code)
        assert (first.status_code, first.json()["balance"]) == (201, hers + 5)
        for person in (people.carol, people.bob):
            again = await person.post("/v1/vouchers/redemptions", json=code)
            assert again.status_code == 409
        assert (await people.bob.delete(f"/v1/vouchers/{made['id']}")).status_code == 409
        assert await balance(people.carol) == hers + 5

    within(story)


def test_a_voucher_that_is_taken_back_returns_its_credits(within: Within) -> None:
    async def story(people: Any) -> None:
        await endow(people)
        his = await balance(people.bob)
        made = (await people.bob.post("/v1/vouchers", json={"credits": 5})).json()
        assert (await people.bob.delete(f"/v1/vouchers/{made['id']}")).status_code == 204
        assert await balance(people.bob) == his
        code = {"code": made["code"]}
        answer = await people.bob.post("/v1/vouchers/redemptions", json=code)
        assert answer.status_code == 404

    within(story)


def test_many_requests_at_once_spend_and_redeem_once(within: Within) -> None:
    async def story(people: Any) -> None:
        await endow(people)
        his, hers = await balance(people.bob), await balance(people.alice)
        given = {"to_principal_id": people.ids["alice"], "credits": his // 2 + 1}
        sent = [people.bob.post("/v1/credits/transfers", json=given) for _ in range(6)]
        statuses = sorted(a.status_code for a in await asyncio.gather(*sent))
        assert statuses == [201, *[409] * 5]
        made = (await people.alice.post("/v1/vouchers", json={"credits": 3})).json()
        code = {"code": made["code"]}
        sent = [people.bob.post("/v1/vouchers/redemptions", json=code) for _ in range(6)]
        assert sorted(a.status_code for a in await asyncio.gather(*sent)) == [201, *[409] * 5]
        assert await balance(people.bob) == his - given["credits"] + 3
        assert await balance(people.alice) == hers + given["credits"] - 3

    within(story)


def test_only_the_platform_grants_credits(within: Within) -> None:
    async def story(people: Any) -> None:
        hers = await balance(people.carol)
        granted = {"principal_id": people.ids["carol"], "credits": 9}
        assert (await people.alice.post("/v1/credits/grants", json=granted)).status_code == 403
        assert (await people.root.post("/v1/credits/grants", json=granted)).status_code == 201
        assert await balance(people.carol) == hers + 9

    within(story)
