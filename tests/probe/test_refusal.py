"""What an answer means, whatever its status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.refusal import RefusalStyle, signature
from l7audit.probe.request import Request


def said(status: int, body: Any = None, media: str = "application/json", **more: str) -> Answer:
    """An answer to a read of `/notes/7`, or of `path`."""
    path = more.pop("path", "/notes/7")
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    pairs = [("Content-Type", media), *more.items()]
    return Answer(Request("GET", path), status, Headers(pairs), content)


LOGIN = b"<!doctype html><form method=post><input name=u><input type=password name=p></form>"
HTML = "text/html"


@pytest.mark.parametrize(
    "answer",
    [
        said(401),
        said(403, {"detail": "no"}),
        said(419),
        said(200, {"error": "Unauthorized"}),
        said(200, {"success": False, "message": "Please log in first"}),
        said(200, {"status": "error", "code": 401, "data": None}),
        said(200, {"status": 403, "message": "no"}),
        said(200, {"message": "You do not have permission"}),
        said(200, {"response": {"ok": False, "errors": [{"message": "Invalid API key"}]}}),
        said(200, {"data": {"user": None}, "errors": [{"message": "not authorized"}]}),
        said(200, {"authenticated": False}),
        said(200, {"ok": False, "error": {"code": "not_allowed", "message": "For the desk."}}),
        said(200, {"success": False, "error": "NotSignedIn"}),
        said(200, {"status": "error", "code": "INSUFFICIENT-SCOPE"}),
        said(200, b"Access denied", "text/plain"),
        said(200, LOGIN, HTML),
        said(302, Location="/login?next=/notes/7"),
        said(303, Location="https://sso.example.org/"),
        said(307, Location="/auth/realms/x"),
        said(302, Location="/accounts/login/"),
        said(400, {"error": "No token provided"}),
    ],
)
def test_a_refusal_is_known_by_what_it_means(answer: Answer) -> None:
    assert answer.refused
    assert not answer.ok


@pytest.mark.parametrize(
    "answer",
    [
        said(200, {"success": False, "message": "nothing of that kind"}),
        said(200, {"error": {"code": "E17", "message": "out of stock"}}),
        said(200, {"status": "failed"}),
        said(200, {"ok": False, "error": {"code": "method_not_allowed"}}),
        said(200, {"ok": False, "error": "NothingAllowsIt"}),
        said(400, {"error": "Unexpected token < in JSON"}),
        said(400, {"detail": "token: field required"}),
        said(404, {"message": "not found"}),
        said(302, Location="/notes"),
        said(500, {"error": "unauthorized"}),
        said(302, path="/login", Location="/login/step-2"),
    ],
)
def test_an_error_that_is_not_about_the_caller_is_neither_a_success_nor_a_refusal(
    answer: Answer,
) -> None:
    assert not answer.refused
    assert not answer.ok


@pytest.mark.parametrize(
    "answer",
    [
        said(200, {"id": 1, "status": "failed", "error": "the job ran out of time"}),
        said(200, {"error": None, "items": []}),
        said(200, {"errors": [], "data": {"id": 3}}),
        said(200, {"data": {"id": 3}, "errors": [{"message": "one field is forbidden"}]}),
        said(200, {"status": "ok"}),
        said(200, {"status": 200, "message": "pong"}),
        said(200, {"title": "How to log in", "text": "unauthorized people must sign in"}),
        said(200, [{"error": "unauthorized"}]),
        said(200, []),
        said(200, b"Notes are here", "text/plain"),
        said(200, b"<html>hello</html>", HTML),
        said(200, LOGIN, HTML, path="/login"),
        said(200, {"message": "x" * 5000, "error": "unauthorized"}),
        said(204),
    ],
)
def test_content_is_not_taken_for_an_error(answer: Answer) -> None:
    assert answer.ok
    assert not answer.refused


def test_a_learnt_refusal_is_known_by_another_path_time_and_number() -> None:
    seen = said(200, {"outcome": "nay", "asked": "/notes/7", "at": 1700000001})
    style = RefusalStyle().taught(frozenset({signature(seen)}))
    again = said(200, {"outcome": "nay", "asked": "/pages/9", "at": 1800000002}, path="/pages/9")
    other = said(200, {"outcome": "yea", "asked": "/notes/7", "at": 1700000001})
    known = [
        Answer(a.request, a.status, a.headers, a.body, style=style) for a in (again, other, seen)
    ]
    assert [a.refused for a in known] == [True, False, True]
    assert not seen.refused
