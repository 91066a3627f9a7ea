from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from l7audit_stack.defects.registry import ALL

PARTS: Any = SimpleNamespace(settings=SimpleNamespace(public_url="https://api.test"))


async def app(scope: Any, _: Any, send: Any) -> None:
    body = f"{scope['method']} https://api.test/next".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def asked(name: str, method: str = "GET", path: str = "/a", **fields: str) -> tuple[int, Any, str]:
    """Status, header fields and body of what the app with that defect answers."""
    wrap, sent = ALL[name].wrap, list[dict[str, Any]]()
    assert wrap is not None
    headers = [(n.replace("_", "-").encode(), v.encode()) for n, v in fields.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(wrap(app, PARTS)(scope, None, send))
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"].decode()


def test_trace_gives_the_fields_back() -> None:
    assert "x-a: secret" in asked("pen.trace-echoes", "TRACE", x_a="secret")[2]
    assert asked("pen.trace-echoes", "GET")[2].startswith("GET")


def test_an_unknown_method_is_a_get() -> None:
    assert asked("pen.any-method-is-a-get", "PROPFIND")[2].startswith("GET")
    assert asked("pen.any-method-is-a-get", "POST")[2].startswith("POST")


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
def test_what_is_offered_is_told_without_the_content(method: str) -> None:
    status, _, body = asked("pen.trace-says-what-is-offered", method)
    assert (status, "allow" in body) == (200, True)


def test_links_follow_the_host_that_is_believed() -> None:
    links = "https://other.example/next"
    assert links in asked("pen.links-to-the-host-asked-for", host="other.example")[2]
    assert links in asked("pen.links-to-the-forwarded-host", x_forwarded_host="other.example")[2]
    assert links not in asked("pen.links-to-the-forwarded-host", host="other.example")[2]


def test_an_unknown_host_is_named_in_a_refusal() -> None:
    status, _, body = asked("pen.names-the-unknown-host", host="other.example")
    assert (status, "other.example" in body) == (421, True)


def test_a_slash_is_taken_away_by_a_redirect() -> None:
    status, fields, _ = asked("pen.slashes-cleaned-by-redirect", path="//other.example/")
    assert (status, fields[b"location"]) == (308, b"//other.example")
    status, fields, _ = asked("pen.redirects-within", path="//other.example/")
    assert (status, fields[b"location"]) == (308, b"/other.example")
