from __future__ import annotations

import json
from typing import Any

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.input.likeness import content, same, spoken


def answer(body: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(Request("GET", "/x"), status, Headers(headers), text.encode())


def test_ids_times_and_numbers_make_no_difference() -> None:
    one = {"id": "9f4ca92d-a07a-47bc-9f87-4dab8ac3e835", "at": "2026-11-23T03:46:33.8Z", "n": 1}
    other = {"id": "1b4ca92d-a07a-47bc-9f87-4dab8ac3e835", "at": "2027-01-02T00:00:00Z", "n": 2.5}
    assert same(answer(one), answer(other))


def test_how_many_things_came_makes_a_difference() -> None:
    assert not same(answer({"items": [1]}), answer({"items": [1, 2]}))
    assert not same(answer({"items": ["a", "b"]}), answer({"items": ["b", "a"]}))


def test_the_status_makes_a_difference() -> None:
    assert not same(answer({}), answer({}, status=404))


def test_what_was_sent_may_be_repeated() -> None:
    one, other = answer({"query": "x' OR 1=1", "n": []}), answer({"query": "x' OR 1=2", "n": []})
    assert same(one, other, ["x' OR 1=1", "x' OR 1=2"])
    assert content(one, ["x' OR 1=1"])[1]["query"] == ""


def test_no_answer_and_a_throttled_one_say_nothing() -> None:
    silent = Answer(Request("GET", "/x"), error="reset")
    assert not same(silent, silent)
    assert not same(answer({}, status=429), answer({}, status=429))


def test_all_that_an_answer_says_is_searched() -> None:
    said = spoken(answer({"a": ["\u00e9", {"b": "deep"}]}, headers=(("X-Words", "42"),)))
    assert all(part in said for part in ("\u00e9", "deep", "42"))
