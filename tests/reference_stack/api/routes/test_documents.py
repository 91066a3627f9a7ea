"""Documents and search: what is taken, who sees it, and how it is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Within = Callable[..., None]
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


async def upload(caller: Any, title: str, text: str) -> Any:
    answer = await caller.post(
        "/v1/documents", params={"title": title}, content=text.encode(), headers=PLAIN
    )
    assert answer.status_code == 201
    return answer.json()


async def search(caller: Any, query: str, mode: str = "hybrid") -> list[str]:
    answer = await caller.post("/v1/search", json={"query": query, "mode": mode})
    assert answer.status_code == 200
    return [item["title"] for item in answer.json()["items"]]


def test_a_text_is_kept_shown_listed_and_deleted(within: Within) -> None:
    async def story(people: Any) -> None:
        made = await upload(people.bob, "Gr\u00fc\u00dfe", "Hell\u00f6 there")
        path = f"/v1/documents/{made['id']}"
        assert (await people.carol.get(path)).json()["content"] == "Hell\u00f6 there"
        assert made["size"] == 12
        listed = (await people.carol.get("/v1/documents")).json()["items"]
        assert [item["id"] for item in listed] == [made["id"]]
        assert (await people.dave.get(path)).status_code == 404
        assert (await people.dave.delete(path)).status_code == 404
        assert (await people.bea.delete(path)).status_code == 403
        assert (await people.carol.delete(path)).status_code == 403
        assert (await people.alice.delete(path)).status_code == 204
        assert (await people.bob.get(path)).status_code == 404

    within(story)


@pytest.mark.parametrize("media_type", ["text/markdown", "application/json"])
def test_markdown_and_json_are_kept_as_they_are(within: Within, media_type: str) -> None:
    async def story(people: Any) -> None:
        text = '{"a": [1, 2.50, "\\u00e9"]}'
        made = await people.bob.post(
            "/v1/documents?title=x", content=text, headers={"Content-Type": media_type}
        )
        shown = await people.bob.get(made.headers["location"])
        assert (shown.json()["content"], shown.json()["media_type"]) == (text, media_type)

    within(story)


def test_of_xml_the_text_is_kept_and_found(within: Within) -> None:
    async def story(people: Any) -> None:
        made = await people.bob.post(
            "/v1/documents?title=x",
            content=b"<note><to>Ada</to> <say>Zanzibar &amp; back</say></note>",
            headers={"Content-Type": "application/xml"},
        )
        shown = (await people.bob.get(made.headers["location"])).json()
        assert (shown["content"], shown["media_type"]) == ("Ada Zanzibar & back", "application/xml")
        assert await search(people.carol, "zanzibar", "text") == ["x"]

    within(story)


@pytest.mark.parametrize(
    "xml", [b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", b"<a>", b"<a></a>", b"plain"]
)
def test_xml_with_a_document_type_or_without_text_is_refused(within: Within, xml: bytes) -> None:
    async def story(people: Any) -> None:
        answer = await people.bob.post(
            "/v1/documents?title=x", content=xml, headers={"Content-Type": "application/xml"}
        )
        assert answer.status_code == 422
        assert (await people.bob.get("/v1/documents")).json()["items"] == []

    within(story)


@pytest.mark.parametrize(
    ("query", "media_type", "content", "status"),
    [
        ("title=x", "text/html", b"<p>", 415),
        ("title=x", "", b"a", 415),
        ("title=x", "text/plain; charset=utf-16", b"a", 415),
        ("", "text/plain", b"a", 422),
        ("title=", "text/plain", b"a", 422),
        ("title=x%00", "text/plain", b"a", 422),
        ("title=x%0a", "text/plain", b"a", 422),
        ("title=x&owner_id=y", "text/plain", b"a", 422),
        ("title=x", "text/plain", b"", 422),
        ("title=x", "text/plain", b"a\x00b", 422),
        ("title=x", "text/plain", b"\xff\xfe", 422),
        ("title=x", "application/json", b"{", 422),
        ("title=x", "application/json", b"[" * 200_000, 422),
        ("title=x", "text/plain", b"a" * 262_145, 413),
    ],
)
def test_an_upload_that_is_no_text_of_ours_is_refused(
    within: Within, query: str, media_type: str, content: bytes, status: int
) -> None:
    async def story(people: Any) -> None:
        answer = await people.bob.post(
            f"/v1/documents?{query}", content=content, headers={"Content-Type": media_type}
        )
        assert answer.status_code == status
        assert (await people.bob.get("/v1/documents")).json()["items"] == []

    within(story)


def test_a_viewer_uploads_nothing(within: Within) -> None:
    async def story(people: Any) -> None:
        answer = await people.carol.post("/v1/documents?title=x", content=b"a", headers=PLAIN)
        assert answer.status_code == 403

    within(story)


def test_search_finds_by_words_by_meaning_and_by_both_within_the_tenant(within: Within) -> None:
    async def story(people: Any) -> None:
        await upload(people.bob, "Keys", "Signing keys are rotated every ninety days.")
        await upload(people.bob, "Bread", "The bakery sells rye bread on Tuesdays.")
        await upload(people.bob, "Marks", "!!! ???")
        await upload(people.dave, "Theirs", "Signing keys of somebody else are rotated.")
        assert await search(people.carol, "rotate key", "text") == ["Keys"]
        assert (await search(people.carol, "key rotation", "vector"))[0] == "Keys"
        assert (await search(people.carol, "rotating the keys"))[0] == "Keys"
        assert "Theirs" not in await search(people.carol, "signing keys somebody else", "vector")
        assert await search(people.erin, "signing keys", "text") == ["Theirs"]
        assert await search(people.carol, '"rye bread" -tuesday', "text") == []

    within(story)


@pytest.mark.parametrize("mode", ["text", "vector", "hybrid"])
def test_no_query_whatever_breaks_the_search(within: Within, mode: str) -> None:
    async def story(people: Any) -> None:
        await upload(people.bob, "Keys", "Signing keys are rotated.")
        for query in ("'", '"', "a & | !", "((", "\\", "-x or or", "!!!", "a:*", "  ", '"a' * 100,
                      "\u00e9" * 500, "' OR 1=1; DROP TABLE documents --", "%", "$1"):  # fmt: skip
            await search(people.carol, query, mode)
        assert await search(people.carol, "keys", "text") == ["Keys"]

    within(story)


def test_search_requests_are_bounded(within: Within) -> None:
    async def story(people: Any) -> None:
        for body in ({"query": ""}, {"query": "a" * 501}, {"query": "a", "limit": 51},
                     {"query": "a", "mode": "sql"}, {"query": "a", "tenant": "x"}):  # fmt: skip
            answer = await people.carol.post("/v1/search", json=body)
            assert answer.status_code == 422

    within(story)
