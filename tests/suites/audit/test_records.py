"""What a record says, whatever its members are called."""

from __future__ import annotations

import pytest

from l7audit_suites.audit.records import differ, doubled, flat, marked, marks, missing, moment

RECORD = {
    "seq": 7,
    "performedBy": {"userId": "u-1"},
    "event_type": "key.created",
    "entity": "key:4",
    "succeeded": True,
    "occurredAt": "2026-01-02T03:04:05Z",
    "trace": "req-0123456789",
}


def test_members_within_a_member_are_named_with_it() -> None:
    assert flat(RECORD)["performedBy.userId"] == "u-1"


def test_a_record_that_says_all_lacks_nothing() -> None:
    assert missing(RECORD) == []


@pytest.mark.parametrize(
    ("member", "lacks"),
    [
        ("performedBy", "who did it"),
        ("event_type", "what was done"),
        ("succeeded", "how it ended"),
    ],
)
def test_what_a_record_does_not_say_is_named(member: str, lacks: str) -> None:
    assert missing({n: v for n, v in RECORD.items() if n != member}) == [lacks]
    assert missing({**RECORD, member: ""}) == [lacks]


def test_a_record_need_not_have_an_object() -> None:
    assert missing({n: v for n, v in RECORD.items() if n != "entity"}) == []


@pytest.mark.parametrize(
    "time", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05", 1767323045, 1767323045000]
)
def test_times_are_read_in_the_usual_forms(time: object) -> None:
    assert moment({"when": time}) == 1767323045.0


def test_a_record_without_a_time_has_none() -> None:
    assert moment({"at": "yesterday", "count": 1767323045}) is None


def test_an_answer_is_named_by_what_no_other_answer_carries() -> None:
    usual = [("Server", "thing-12345678"), ("X-Request-Id", "aaaa-0000")]
    fields = [
        ("Server", "thing-12345678"),
        ("X-Request-Id", "bbbb-1111"),
        ("Date", "Mon, 01 Jan 2026 00:00:00 GMT"),
    ]
    assert marks(fields, usual) == {"bbbb-1111"}
    assert marked([RECORD, {"id": "bbbb-1111"}], {"bbbb-1111"}) == [{"id": "bbbb-1111"}]


def test_two_records_of_one_deed_are_doubles_whatever_their_numbers() -> None:
    assert doubled([RECORD, {**RECORD, "seq": 8, "occurredAt": "2026-01-02T03:04:06Z"}])
    assert not doubled([RECORD, {**RECORD, "event_type": "session.created"}])


def test_records_differ_by_action_or_outcome_and_not_by_time() -> None:
    assert differ(RECORD, {**RECORD, "succeeded": False})
    assert differ(RECORD, {**RECORD, "event_type": "key.refused"})
    assert not differ(RECORD, {**RECORD, "seq": 8, "occurredAt": "2026-01-02T03:04:06Z"})
