"""Memories: parts of their agent, taken from documents that the writer may read."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

Within = Callable[..., None]
TEXT = {"Content-Type": "text/plain"}


async def _agent(client: Any) -> str:
    answer = await client.post("/v1/agents", json={"name": "agent"})
    assert answer.status_code == 201
    return f"/v1/agents/{answer.json()['id']}/memories"


def test_an_agent_keeps_and_forgets(within: Within) -> None:
    async def story(people: Any) -> None:
        path = await _agent(people.bob)
        made = await people.bob.post(path, json={"text": "likes tea"})
        assert made.status_code == 201
        one = made.headers["location"]
        assert (await people.bob.get(one)).json() == made.json()
        assert [m["text"] for m in (await people.bob.get(path)).json()["items"]] == ["likes tea"]
        assert (await people.bob.delete(one)).status_code == 204
        assert (await people.bob.get(one)).status_code == 404
        assert (await people.bob.delete(one)).status_code == 404

    within(story)


def test_who_sees_the_agent_sees_them_and_who_changes_it_writes_them(within: Within) -> None:
    async def story(people: Any) -> None:
        path = await _agent(people.bob)
        one = (await people.bob.post(path, json={"text": "a"})).headers["location"]
        for name, seen, written in (
            ("alice", 200, 201), ("bob", 200, 201), ("bea", 200, 403), ("carol", 200, 403),
            ("dave", 404, 404), ("erin", 404, 404), ("root", 403, 403), ("nobody", 401, 401),
        ):  # fmt: skip
            client = getattr(people, name)
            assert (await client.get(one)).status_code == seen, name
            assert (await client.get(path)).status_code == seen, name
            assert (await client.post(path, json={"text": "b"})).status_code == written, name
            if written != 201:
                assert (await client.delete(one)).status_code == written, name

    within(story)


def test_a_memory_is_found_below_its_own_agent_only(within: Within) -> None:
    async def story(people: Any) -> None:
        path, other = await _agent(people.bob), await _agent(people.dave)
        key = (await people.bob.post(path, json={"text": "a"})).json()["id"]
        assert (await people.dave.get(f"{other}/{key}")).status_code == 404
        assert (await people.dave.delete(f"{other}/{key}")).status_code == 404
        assert (await people.bob.get(f"{path}/{key}")).status_code == 200

    within(story)


def test_its_document_is_one_that_the_writer_may_read(within: Within) -> None:
    async def story(people: Any) -> None:
        upload = {"params": {"title": "tea"}, "content": b"of tea", "headers": TEXT}
        ours = (await people.bea.post("/v1/documents", **upload)).json()["id"]
        theirs = (await people.dave.post("/v1/documents", **upload)).json()["id"]
        path = await _agent(people.bob)
        made = await people.bob.post(path, json={"text": "a", "document_id": ours})
        assert made.json()["document_title"] == "tea"
        assert (await people.bob.get(made.headers["location"])).json() == made.json()
        for unknown in (theirs, str(uuid.uuid4())):
            refused = await people.bob.post(path, json={"text": "a", "document_id": unknown})
            assert (refused.status_code, "unknown" in refused.json()["type"]) == (422, True)
        await people.bea.delete(f"/v1/documents/{ours}")
        left = (await people.bob.get(made.headers["location"])).json()
        assert (left["document_id"], left["document_title"]) == (None, None)

    within(story)


def test_pages_go_on_where_the_last_one_ended(within: Within) -> None:
    async def story(people: Any) -> None:
        path = await _agent(people.bob)
        for number in range(3):
            await people.bob.post(path, json={"text": str(number)})
        first = (await people.bob.get(path, params={"limit": 2})).json()
        rest = (await people.bob.get(path, params={"cursor": first["next_cursor"]})).json()
        assert [m["text"] for m in first["items"] + rest["items"]] == ["2", "1", "0"]
        assert rest["next_cursor"] is None

    within(story)
