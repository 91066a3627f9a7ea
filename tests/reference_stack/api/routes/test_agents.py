"""Agents: whose they are, who may see and change them, and what input is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Within = Callable[..., None]


def test_an_agent_is_made_shown_changed_and_deleted_by_its_owner(within: Within) -> None:
    async def story(people: Any) -> None:
        made = await people.bob.post("/v1/agents", json={"name": "guide", "instructions": "Help."})
        assert made.status_code == 201
        path = made.headers["location"]
        assert made.json()["owner_id"] == people.ids["bob"]
        changed = await people.bob.patch(path, json={"description": "short"})
        assert changed.json()["instructions"] == "Help."
        assert (await people.bob.get(path)).json() == changed.json()
        assert (await people.bob.delete(path)).status_code == 204
        assert (await people.bob.get(path)).status_code == 404

    within(story)


def test_the_tenant_reads_the_owner_and_the_admin_change_and_others_see_nothing(
    within: Within,
) -> None:
    async def story(people: Any) -> None:
        path = (await people.bob.post("/v1/agents", json={"name": "x"})).headers["location"]
        reads = {
            name: (await getattr(people, name).get(path)).status_code
            for name in ("alice", "bob", "bea", "carol", "dave", "erin", "root", "nobody")
        }
        assert reads == {
            **{"alice": 200, "bob": 200, "bea": 200, "carol": 200},
            **{"dave": 404, "erin": 404, "root": 403, "nobody": 401},
        }
        changes = {
            name: (await getattr(people, name).patch(path, json={"name": name})).status_code
            for name in ("alice", "bob", "bea", "carol", "dave", "erin", "root", "nobody")
        }
        assert changes == {
            **{"alice": 200, "bob": 200, "bea": 403, "carol": 403},
            **{"dave": 404, "erin": 404, "root": 403, "nobody": 401},
        }
        assert (await people.dave.delete(path)).status_code == 404
        assert (await people.bea.delete(path)).status_code == 403
        assert (await people.alice.delete(path)).status_code == 204

    within(story)


def test_a_list_comes_in_pages_without_gap_or_repetition_and_of_one_tenant(within: Within) -> None:
    async def story(people: Any) -> None:
        for number in range(5):
            await people.bob.post("/v1/agents", json={"name": f"a{number}"})
        await people.dave.post("/v1/agents", json={"name": "elsewhere"})
        names, query = [], {"limit": "2"}
        while True:
            page = (await people.carol.get("/v1/agents", params=query)).json()
            names += [item["name"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query = {"limit": "2", "cursor": page["next_cursor"]}
        assert names == ["a4", "a3", "a2", "a1", "a0"]

    within(story)


def test_a_list_can_be_narrowed_by_name_and_turned_round(within: Within) -> None:
    async def story(people: Any) -> None:
        for name in ("Red fox", "red 100%", "blue_fox"):
            await people.bob.post("/v1/agents", json={"name": name})

        async def listed(**query: Any) -> list[str]:
            answer = await people.bob.get("/v1/agents", params=query)
            assert answer.status_code == 200
            return [item["name"] for item in answer.json()["items"]]

        assert await listed(name="RED") == ["red 100%", "Red fox"]
        assert await listed(name="0%") == ["red 100%"]
        assert await listed(name="e_f") == ["blue_fox"]
        assert await listed(name="' OR 1=1 -- ") == []
        assert await listed(sort="created_at") == ["Red fox", "red 100%", "blue_fox"]
        for bad in ("name", "created_at;", "-created_at,id"):
            assert (await people.bob.get("/v1/agents", params={"sort": bad})).status_code == 422

    within(story)


def test_pages_go_on_in_the_order_that_was_asked_for(within: Within) -> None:
    async def story(people: Any) -> None:
        for number in range(5):
            await people.bob.post("/v1/agents", json={"name": f"agent {number}"})
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2, "sort": "created_at", "name": "agent"}
        while True:
            page = (await people.bob.get("/v1/agents", params=query)).json()
            seen += [item["name"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert seen == [f"agent {number}" for number in range(5)]

    within(story)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"name": ""}',
        b'{"name": null}',
        b'{"name": 1}',
        b'{"name": "a\\u0000b"}',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a", "owner_id": "12345678-1234-1234-1234-123456789abc"}',
        b'{"name": "a", "tenant_id": "x"}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "' + b"a" * 121 + b'"}',
        b'{"name": "a", "instructions": "' + b"a" * 16_001 + b'"}',
        b"[" * 5_000,
    ],
)
def test_a_body_that_is_not_an_agent_is_refused(within: Within, body: bytes) -> None:
    async def story(people: Any) -> None:
        answer = await people.bob.post(
            "/v1/agents", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {400, 422}
        assert (await people.bob.get("/v1/agents")).json()["items"] == []

    within(story)


def test_bad_queries_and_ids_are_the_callers_error(within: Within) -> None:
    async def story(people: Any) -> None:
        for query in ("limit=0", "limit=101", "limit=x", "limit=9" * 30, "cursor=AAAA",
                      "order=name", "limit=1&limit=2", "cursor=%ff", "cursor=%00"):  # fmt: skip
            answer = await people.bob.get(f"/v1/agents?{query}")
            assert answer.status_code in {400, 422}, query
        for key in ("1", "%27%20OR%201=1", "00000000-0000-0000-0000-000000000000", "a" * 300):
            assert (await people.bob.get(f"/v1/agents/{key}")).status_code in {400, 404}, key

    within(story)
