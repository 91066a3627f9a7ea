"""The caller's own account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Within = Callable[..., None]


def test_everybody_changes_what_he_says_of_himself_and_nothing_else(within: Within) -> None:
    async def story(people: Any) -> None:
        before = (await people.carol.get("/v1/account")).json()
        assert (before["role"], before["preferences"]["staff_preview"]) == ("viewer", False)
        wanted = {"display_name": "Carol C.", "preferences": {"language": "de"}}
        changed = await people.carol.patch("/v1/account", json=wanted)
        assert changed.status_code == 200
        after = (await people.carol.get("/v1/account")).json()
        assert after == changed.json()
        assert after["display_name"] == "Carol C."
        assert after["preferences"] == {**before["preferences"], "language": "de"}
        kept = await people.carol.patch("/v1/account", json={})
        assert kept.json() == after

    within(story)


def test_role_tier_and_preview_are_refused_at_every_depth(within: Within) -> None:
    async def story(people: Any) -> None:
        before = (await people.carol.get("/v1/account")).json()
        for body in (
            {"role": "admin"},
            {"tier": "free"},
            {"id": people.ids["alice"]},
            {"preferences": {"staff_preview": True}},
            {"preferences": {"language": "German"}},
        ):
            answer = await people.carol.patch("/v1/account", json=body)
            assert answer.status_code == 422, body
        assert (await people.carol.get("/v1/account")).json() == before

    within(story)
