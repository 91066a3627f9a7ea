"""What an answer says of one thing, where nothing of ours marks it."""

from __future__ import annotations

from l7audit_suites.authz.contents import holds, says_the_same, tells, tells_most

OWN = {"id": 7, "title": "A bicycle", "price": 40, "created_at": "2026-01-01"}


def test_a_thing_is_known_again_by_its_id_and_what_it_says() -> None:
    assert says_the_same({"data": {**OWN, "created_at": "later"}}, OWN, "7", "job_id")
    assert says_the_same([{"id": 6, "title": "x"}, OWN], OWN, "7", "job_id")


def test_another_thing_that_says_the_same_is_not_taken_for_it() -> None:
    assert not says_the_same({**OWN, "id": 8}, OWN, "7", "job_id")
    assert not says_the_same({"id": 7, "title": "Another", "price": 1}, OWN, "7", "job_id")


def test_an_id_alone_tells_nothing() -> None:
    assert not tells({"id": 7}, "7", "job_id")
    assert not tells({"title": "A bicycle"}, "7", "job_id")
    assert tells(OWN, "7", "job_id")


def test_a_short_id_is_not_found_in_what_merely_counts() -> None:
    assert not holds({"items": [{"id": 12, "quantity": 7}]}, "", "7", "job_id")
    assert holds({"items": [{"id": 7}]}, "", "7", "job_id")
    assert holds({"plate": "B-1"}, "", "B-1", "plate")


def test_a_long_id_counts_wherever_it_stands() -> None:
    assert holds(None, "a,6661cf32-dbf7,b", "6661cf32-dbf7", "id")


def test_what_was_changed_meanwhile_is_told_all_the_same() -> None:
    own = {"order": 7, "buyer": "Lena", "address": "Mill Lane 3", "total": 960}
    assert tells_most({**own, "address": "Mill Lane 4"}, own)
    assert not tells_most({"order": 7, "buyer": "", "address": "", "total": 0}, own)
    assert tells_most([], [])
    assert not tells_most({"error": "none"}, [])
