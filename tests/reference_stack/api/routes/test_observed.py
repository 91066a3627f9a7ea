"""What the service tells of itself: identity, health, metrics, audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Within = Callable[..., None]


def test_me_answers_without_a_database(within: Within) -> None:
    async def story(people: Any) -> None:
        me = (await people.carol.get("/v1/me")).json()
        assert (me["name"], me["role"], me["id"]) == ("carol", "viewer", people.ids["carol"])
        assert me["scopes"] is None
        assert (await people.nobody.get("/v1/me")).status_code == 401

    within(story)


def test_public_health_says_one_word_and_the_detail_is_for_who_may_know(within: Within) -> None:
    async def story(people: Any) -> None:
        assert (await people.nobody.get("/health/live")).json() == {"status": "alive"}
        assert (await people.nobody.get("/health/ready")).json() == {"status": "ready"}
        statuses = {
            name: (await getattr(people, name).get("/health/detail")).status_code
            for name in ("alice", "bob", "carol", "root", "nobody")
        }
        assert statuses == {"alice": 200, "bob": 403, "carol": 403, "root": 200, "nobody": 401}
        detail = (await people.root.get("/health/detail")).json()
        # The language model of these tests is away: worse, but no reason to take no traffic.
        assert detail["status"] == "degraded"
        ready = {item["name"]: item["ready"] for item in detail["dependencies"]}
        assert ready == {"database": True, "store": True, "llm": False}

    within(story)


def test_a_replica_without_database_is_alive_but_not_ready(within: Within) -> None:
    async def story(people: Any) -> None:
        await people.parts.database.close()
        assert (await people.nobody.get("/health/live")).status_code == 200
        unready = await people.nobody.get("/health/ready")
        assert unready.status_code == 503
        assert "database" not in unready.text

    within(story)


def test_metrics_are_for_the_operator(within: Within) -> None:
    async def story(people: Any) -> None:
        assert "http_requests" in (await people.root.get("/metrics")).text
        assert (await people.alice.get("/metrics")).status_code == 403
        assert (await people.nobody.get("/metrics")).status_code == 401

    within(story)


def test_the_audit_log_comes_in_pages_and_is_intact_until_somebody_edits_it(
    within: Within,
) -> None:
    async def story(people: Any) -> None:
        for number in range(3):
            await people.alice.post("/v1/users", json={"name": f"user-{number}"})
        first = (await people.alice.get("/v1/audit?limit=2&action=user.create")).json()
        second = (
            await people.alice.get(
                f"/v1/audit?limit=2&action=user.create&before={first['next_before']}"
            )
        ).json()
        numbers = [item["seq"] for item in first["items"] + second["items"]]
        assert numbers == sorted(numbers, reverse=True)
        assert len(set(numbers)) == 3
        assert (await people.root.get("/v1/audit/verify")).json()["intact"]
        assert (await people.alice.get("/v1/audit/verify")).status_code == 403
        edit = "UPDATE audit_events SET actor = $2 WHERE seq = $1"
        await people.parts.database.execute(edit, numbers[-1], "mallory")
        found = (await people.root.get("/v1/audit/verify")).json()
        assert (found["intact"], found["broken_at"]) == (False, numbers[-1])
        await people.parts.database.execute(edit, numbers[-1], people.ids["alice"])
        assert (await people.root.get("/v1/audit/verify")).json()["intact"]

    within(story)


@pytest.mark.parametrize("query", ["before=0", "before=9223372036854775808", "limit=1000", "x=1"])
def test_audit_queries_are_bounded(within: Within, query: str) -> None:
    async def story(people: Any) -> None:
        assert (await people.alice.get(f"/v1/audit?{query}")).status_code == 422

    within(story)


@pytest.mark.parametrize(
    ("who", "how", "action"),
    [
        ("bob", "GET", "access.denied"),  # the audit log itself: a right that he lacks
        ("dave", "DELETE", "access.denied"),  # another tenant's agent: a 404 that hides it
        ("nobody", "POST", "login.failed"),
    ],
)
def test_a_refusal_is_in_the_audit_log_before_its_answer(
    within: Within, who: str, how: str, action: str
) -> None:
    async def story(people: Any) -> None:
        agent = {"name": "a", "description": "", "instructions": ""}
        made = await people.alice.post("/v1/agents", json=agent)
        path = {
            "GET": "/v1/audit",
            "DELETE": made.headers.get("location", ""),
            "POST": "/v1/login",
        }[how]
        body = {"json": {"username": "x", "password": "y"}} if how == "POST" else {}
        answer = await getattr(people, who).request(how, path, **body)
        assert answer.status_code in {401, 403, 404}
        found = await people.parts.database.fetch(
            "SELECT action FROM audit_events WHERE request_id = $1",
            answer.headers["x-request-id"],
        )
        assert [row["action"] for row in found] == [action]

    within(story)
