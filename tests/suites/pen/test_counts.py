from __future__ import annotations

import json

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.pen.counts import follows, is_count, is_page, listed, said, takes_time


def answer(value: object, status: int = 200) -> Answer:
    return Answer(Request("GET", "/x"), status, Headers(), json.dumps(value).encode())


@pytest.mark.parametrize("name", ["limit", "page_size", "perPage", "per_page", "count", "top"])
def test_these_say_how_long_a_page_is(name: str) -> None:
    assert is_page(name)


@pytest.mark.parametrize("name", ["page", "offset", "min_count", "price", "user_id", "limit_id"])
def test_these_do_not(name: str) -> None:
    assert not is_page(name)


def test_copies_and_measures_are_counts_and_places_and_prices_are_none() -> None:
    assert [is_count(n) for n in ("copies", "width", "iterations", "latitude", "price")] == [
        *(True, True, True),
        *(False, False),
    ]


def test_what_is_listed_is_counted_and_a_refusal_lists_nothing() -> None:
    assert listed(answer([1, 2])) == 2
    assert listed(answer({"items": [1], "total": 9})) == 1
    assert listed(answer({"name": "x"})) == -1
    assert listed(answer([1], status=422)) == -1


def test_a_page_says_for_how_many_it_was_made() -> None:
    body = {"items": [{"size": 4}], "limit": 100, "meta": {"per_page": 50, "total": 7}}
    assert sorted(said(answer(body))) == [50, 100]


def test_an_answer_follows_its_number_only_where_it_grows_with_it() -> None:
    assert follows([120.0, 1150.0])
    assert not follows([1200.0, 1210.0])


def test_time_is_taken_where_it_is_long_and_grows_and_not_where_it_is_always_long() -> None:
    assert takes_time([0.02, 0.15, 1.4])
    assert not takes_time([0.9, 0.9, 1.0])
    assert not takes_time([0.001, 0.002, 0.02])
    assert not takes_time([1.5])
