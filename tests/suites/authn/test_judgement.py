from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.probe.answer import Answer, Headers, RefusalStyle
from l7audit.probe.request import Request
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authn.resemblance import differences

REQUEST = Request("GET", "/")


def answer(status: int | None, body: Any = None, **headers: str) -> Answer:
    pairs = {
        "Content-Type": "application/json",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(REQUEST, status, Headers(tuple(pairs.items())), content, style=RefusalStyle())


WITNESS = answer(200, {"id": "1", "name": "alice", "role": "admin", "error": None})


@pytest.mark.parametrize(
    ("seen", "meaning"),
    [
        (answer(200, {"id": "2", "name": "bob", "role": "x", "error": None}), Seen.ACCEPTED),
        (answer(401, {"error": "no"}), Seen.REFUSED),
        (answer(403), Seen.REFUSED),
        (answer(404, {"title": "Not found"}), Seen.REFUSED),
        (answer(302), Seen.REFUSED),
        (answer(200, {"error": "unauthorized"}), Seen.REFUSED),
        (answer(200, {"id": "", "name": "", "role": "", "error": "who?"}), Seen.REFUSED),
        (answer(200, []), Seen.REFUSED),
        (answer(200, {"a": 1}, Content_Type="text/html"), Seen.REFUSED),
        (answer(429), Seen.UNCLEAR),
        (answer(500), Seen.UNCLEAR),
        (answer(503), Seen.UNCLEAR),
        (answer(None), Seen.UNCLEAR),
    ],
)
def test_an_answer_is_judged_by_what_it_gives(seen: Answer, meaning: Seen) -> None:
    assert judge(seen, WITNESS) is meaning


def test_a_list_is_like_a_list_and_an_envelope_that_fails_is_not_like_one_that_does_not() -> None:
    assert judge(answer(200, [{"id": 2}]), answer(200, [{"id": 1}])) is Seen.ACCEPTED
    good, bad = {"ok": True, "data": [1]}, {"ok": False, "data": []}
    assert judge(answer(200, bad), answer(200, good)) is Seen.REFUSED


def test_a_list_of_nothing_is_not_what_a_member_got() -> None:
    assert judge(answer(200, []), answer(200, [{"id": 1}])) is Seen.REFUSED
    page, empty = {"items": [{"id": 1}], "total": 1}, {"items": [], "total": 0}
    assert judge(answer(200, empty), answer(200, page)) is Seen.REFUSED
    assert judge(answer(200, empty), answer(200, empty)) is Seen.ACCEPTED


def test_an_empty_2xx_is_like_an_empty_one() -> None:
    assert judge(answer(204), answer(204)) is Seen.ACCEPTED


def refusal(detail: str, **headers: str) -> Answer:
    body = {"title": "Refused", "detail": detail, "request": "0a1b2c3d4e5f60718293a4b5c6d7e8f9"}
    return answer(401, body, **headers)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (refusal("Wrong."), refusal("Wrong.", X_Request_Id="abc", Date="now"), False),
        (refusal("alice is wrong"), refusal("zoe is wrong"), False),
        (refusal("Attempt 1"), refusal("Attempt 2"), False),
        (refusal("Unknown user."), refusal("Wrong password."), True),
        (answer(404, {"title": "No"}), answer(401, {"title": "No"}), True),
        (answer(401, {"a": 1}), answer(401, {"b": 1}), True),
        (refusal("Wrong.", Set_Cookie="a=b"), refusal("Wrong."), True),
    ],
)
def test_two_refusals_differ_only_by_what_a_reader_can_use(
    one: Answer, other: Answer, found: bool
) -> None:
    assert bool(differences(one, other, ["alice", "zoe"])) is found
