"""Files by path over HTTP: owners, tenants, and every way of writing a path that leads out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Within = Callable[..., None]
BYTES = {"Content-Type": "application/octet-stream"}


def test_a_file_is_written_replaced_read_listed_and_deleted(within: Within) -> None:
    async def story(people: Any) -> None:
        path = "/v1/files/notes/plan%20one.md"
        made = await people.bob.put(path, content=b"\x00one", headers=BYTES)
        assert made.json()["path"] == "notes/plan one.md"
        assert (await people.bob.put(path, content=b"two", headers=BYTES)).json()["size"] == 3
        read = await people.carol.get(path)
        assert read.content == b"two"
        assert read.headers["content-type"] == "application/octet-stream"
        assert read.headers["content-disposition"] == "attachment"
        listed = (await people.carol.get("/v1/files")).json()["items"]
        assert [item["id"] for item in listed] == [made.json()["id"]]
        assert (await people.bob.delete(path)).status_code == 204
        assert (await people.bob.get(path)).status_code == 404

    within(story)


def test_only_the_owner_and_the_admin_write_and_other_tenants_have_files_of_their_own(
    within: Within,
) -> None:
    async def story(people: Any) -> None:
        path = "/v1/files/a.txt"
        await people.bob.put(path, content=b"bob", headers=BYTES)
        for name in ("bea", "carol"):
            caller = getattr(people, name)
            assert (await caller.put(path, content=b"x", headers=BYTES)).status_code == 403
            assert (await caller.delete(path)).status_code == 403
        assert (await people.dave.get(path)).status_code == 404
        assert (await people.dave.delete(path)).status_code == 404
        await people.dave.put(path, content=b"dave", headers=BYTES)
        assert (await people.bob.get(path)).content == b"bob"
        assert (await people.alice.put(path, content=b"alice", headers=BYTES)).status_code == 200
        assert (await people.dave.get(path)).content == b"dave"

    within(story)


@pytest.mark.parametrize(
    "path",
    [
        "../canary.txt",
        "..%2fcanary.txt",
        "%2e%2e/canary.txt",
        "%2e%2e%2fcanary.txt",
        "%252e%252e%252fcanary.txt",
        "..%5ccanary.txt",
        "..;/canary.txt",
        "....//canary.txt",
        "a/../../canary.txt",
        "%c0%ae%c0%ae/canary.txt",
        "%ef%bc%8e%ef%bc%8e/canary.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "a%00.txt",
        "a%0d%0ab",
        ".env",
        "",
        "a" * 101,
        "/".join("abcdefghi"),
    ],
)
def test_no_spelling_of_a_path_leads_out_of_the_tenants_folder(within: Within, path: str) -> None:
    async def story(people: Any) -> None:
        root = people.parts.settings.files_dir
        root.mkdir()
        for place in (root, root.parent):
            (place / "canary.txt").write_bytes(b"canary")
        read = await people.bob.get(f"/v1/files/{path}")
        assert b"canary" not in read.content
        written = await people.bob.put(f"/v1/files/{path}", content=b"x", headers=BYTES)
        assert written.status_code in {400, 404, 405, 422}
        assert (await people.bob.delete(f"/v1/files/{path}")).status_code in {400, 404, 405, 422}
        for place in (root, root.parent):
            assert (place / "canary.txt").read_bytes() == b"canary"

    within(story)


def test_a_path_is_a_file_or_a_folder_and_has_one_spelling_in_any_case(within: Within) -> None:
    async def story(people: Any) -> None:
        await people.bob.put("/v1/files/a/b.txt", content=b"x", headers=BYTES)
        for path in ("a", "a/b.txt/c", "A/b.txt", "a/B.TXT"):
            answer = await people.bob.put(f"/v1/files/{path}", content=b"y", headers=BYTES)
            assert answer.status_code == 409, path
        assert (await people.bob.get("/v1/files/A/b.txt")).status_code == 404
        assert (await people.bob.get("/v1/files/a/b.txt")).content == b"x"

    within(story)


def test_a_file_too_large_or_of_an_unknown_type_is_refused(within: Within) -> None:
    async def story(people: Any) -> None:
        large = await people.bob.put("/v1/files/a", content=b"x" * 1_048_577, headers=BYTES)
        assert large.status_code == 413
        page = {"Content-Type": "text/html"}
        assert (await people.bob.put("/v1/files/a", content=b"", headers=page)).status_code == 415
        assert (await people.bob.get("/v1/files")).json()["items"] == []

    within(story)


def test_a_link_planted_in_the_tenants_folder_is_not_followed(within: Within) -> None:
    async def story(people: Any) -> None:
        await people.bob.put("/v1/files/a.txt", content=b"x", headers=BYTES)
        root = people.parts.settings.files_dir
        (root.parent / "canary.txt").write_bytes(b"canary")
        [folder] = list(root.iterdir())
        (folder / "a.txt").unlink()
        (folder / "a.txt").symlink_to(root.parent / "canary.txt")
        assert (await people.bob.get("/v1/files/a.txt")).status_code == 404
        await people.bob.put("/v1/files/a.txt", content=b"mine", headers=BYTES)
        assert (root.parent / "canary.txt").read_bytes() == b"canary"

    within(story)
