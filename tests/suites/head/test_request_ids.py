"""Ids of answers."""

from __future__ import annotations

from l7audit_suites.head import request_ids


def test_ids_are_found_by_any_of_their_names() -> None:
    headers = [("x-request-id", " a "), ("CORRELATION-ID", "b"), ("X-Other", "c")]
    assert request_ids.ids(headers) == {"X-Request-Id": "a", "Correlation-Id": "b"}


def test_an_id_that_two_answers_carry_is_found() -> None:
    answers = [[("X-Request-Id", v)] for v in ("a", "b", "a")]
    assert request_ids.repeated(answers) == {"X-Request-Id": "a"}


def test_ids_of_their_own_are_not_repeated() -> None:
    assert request_ids.repeated([[("X-Request-Id", v)] for v in "abc"]) == {}


def test_hostile_text_that_comes_back_is_found_wherever_it_stands() -> None:
    sent = ["<script>1</script>", "a%0d%0ab: c"]
    headers = [("X-Trace", "id a%0d%0ab: c"), ("X-Request-Id", "1")]
    assert request_ids.reflected(headers, sent) == ["X-Trace"]


def test_a_callers_harmless_id_may_come_back() -> None:
    sent = ["7c9e6679-7425-40de-944b-e07fc1f90ae7"]
    assert request_ids.reflected([("X-Request-Id", sent[0])], sent) == []


def test_a_header_of_our_own_making_is_found() -> None:
    assert request_ids.injected([("x-l7-marker", "1")], "X-L7-Marker")
    assert not request_ids.injected([("X-Request-Id", "x-l7-marker")], "X-L7-Marker")
