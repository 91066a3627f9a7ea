"""Files that come in a form, over HTTP: each under its own name, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Within = Callable[..., None]
UPLOADS = "/v1/uploads"


def named(told: str) -> dict[str, Any]:
    """A form whose file is called by these raw parameters."""
    content = f'--b\r\nContent-Disposition: form-data; name="file"; {told}\r\n\r\nnew\r\n--b--\r\n'
    return {
        "content": content.encode(),
        "headers": {"Content-Type": "multipart/form-data; boundary=b"},
    }


def test_a_file_is_kept_under_its_name_and_is_where_the_answer_says(within: Within) -> None:
    async def story(people: Any) -> None:
        file = ("a plan.md", b"# one", "text/markdown")
        made = await people.bob.post(UPLOADS, files={"file": file})
        assert made.status_code == 201
        assert (made.json()["path"], made.json()["media_type"]) == ("a plan.md", "text/markdown")
        assert made.headers["location"] == "/v1/files/a%20plan.md"
        assert (await people.carol.get(made.headers["location"])).content == b"# one"
        assert (await people.dave.get(made.headers["location"])).status_code == 404

    within(story)


def test_nothing_is_replaced_by_a_file_of_the_same_name(within: Within) -> None:
    async def story(people: Any) -> None:
        for name in ("bob", "bob", "bea", "dave"):
            caller = getattr(people, name)
            made = await caller.post(UPLOADS, files={"file": ("A.txt", b"x" + name.encode())})
            assert made.status_code == 201
            assert (await caller.get(made.headers["location"])).content == b"x" + name.encode()
        listed = (await people.bob.get("/v1/files")).json()["items"]
        assert len({item["path"] for item in listed}) == 3
        assert (await people.bob.get("/v1/files/A.txt")).content == b"xbob"

    within(story)


def test_only_who_may_write_files_hands_one_in(within: Within) -> None:
    async def story(people: Any) -> None:
        file = {"file": ("a.txt", b"x")}
        assert (await people.carol.post(UPLOADS, files=file)).status_code == 403
        assert (await people.nobody.post(UPLOADS, files=file)).status_code == 401

    within(story)


@pytest.mark.parametrize(
    "told",
    [
        'filename="../canary.txt"',
        'filename="../../canary.txt"',
        'filename="..\\canary.txt"',
        'filename="a/../../canary.txt"',
        'filename="..%2fcanary.txt"',
        'filename="%2e%2e%2fcanary.txt"',
        'filename="..%252fcanary.txt"',
        'filename="....//canary.txt"',
        'filename="{root}/canary.txt"',
        'filename="../canary.txt\x00.txt"',
        'filename="..%c0%afcanary.txt"',
        "filename=../canary.txt",
        "filename*=UTF-8''..%2Fcanary.txt",
        "filename=\"a.txt\"; filename*=UTF-8''..%2Fcanary.txt",
        'filename="a.txt"; filename="../canary.txt"',
        'filename="../canary.txt"; filename="a.txt"',
        'filename="=?utf-8?B?Li4vY2FuYXJ5LnR4dA==?="',
        'filename=".env"',
        'filename=".."',
        'filename=""',
    ],
)
def test_no_name_leads_anywhere(within: Within, told: str) -> None:
    async def story(people: Any) -> None:
        root: Path = people.parts.settings.files_dir
        root.mkdir()
        for place in (root, root.parent):
            (place / "canary.txt").write_bytes(b"canary")
        sent = await people.bob.post(UPLOADS, **named(told.replace("{root}", str(root))))
        assert sent.status_code in {400, 422}
        for place in (root, root.parent):
            assert (place / "canary.txt").read_bytes() == b"canary"
        assert [path.name for path in root.rglob("*")] == ["canary.txt"]

    within(story)


def test_a_form_that_is_not_one_file_is_refused(within: Within) -> None:
    async def story(people: Any) -> None:
        one = ("a.txt", b"x", "text/plain")
        for files in ({"other": one}, [("file", one), ("file", one)]):
            assert (await people.bob.post(UPLOADS, files=files)).status_code == 422
        field = named("x").pop("headers")
        body = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n'
        assert (await people.bob.post(UPLOADS, content=body, headers=field)).status_code == 422
        page = ("a.html", b"<p>", "text/html")
        assert (await people.bob.post(UPLOADS, files={"file": page})).status_code == 415
        large = ("a.txt", b"x" * 1_048_577)
        assert (await people.bob.post(UPLOADS, files={"file": large})).status_code == 413
        many = [("file", one)] * 5
        assert (await people.bob.post(UPLOADS, files=many)).status_code == 400
        assert (await people.bob.post(UPLOADS, data={"file": "x"})).status_code == 415

    within(story)
