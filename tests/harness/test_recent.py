"""An opening witness is not sent where the same read succeeded a moment ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from booth.suite import WITNESS

from l7audit.harness.recent import SECONDS, Recent
from l7audit.journal import AnyRecord, CheckEnded, Exchange, Witness
from l7audit.journal import of_type as of
from l7audit.model import Verdict
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request

Audit = Callable[..., dict[str, CheckEnded]]

READ = Request("GET", "/things")
LOOKS = f"{WITNESS}check.expect(True, THINGS, 'never said')\n"


def answered(request: Request, status: int | None = 200) -> Answer:
    now = time.perf_counter()
    return Answer(request, status, Headers(()), b"{}", started=now, ended=now)


def test_a_read_that_succeeded_is_known_for_a_moment() -> None:
    recent, answer = Recent(), answered(READ)
    recent.notice(answer)
    assert recent.of(READ) is answer
    assert recent.of(READ.with_header("Origin", "https://a.example")) is None
    recent.notice(replace(answer, ended=answer.ended - SECONDS - 1))
    assert recent.of(READ) is None


@pytest.mark.parametrize(
    "after",
    [
        answered(Request("GET", "/other"), 401),
        answered(Request("GET", "/other"), 429),
        answered(Request("GET", "/other"), None),
        answered(Request("POST", "/things"), 201),
        answered(Request("DELETE", "/things/1"), 204),
    ],
    ids=["refused", "throttled", "no answer", "made", "removed"],
)
def test_whatever_may_have_changed_something_ends_that(after: Answer) -> None:
    recent = Recent()
    recent.notice(answered(READ))
    recent.notice(after)
    assert recent.of(READ) is None


def test_the_closing_witness_of_one_check_opens_the_next(
    audit: Audit, records: list[AnyRecord]
) -> None:
    ends = audit({"AA-01": LOOKS, "AA-02": LOOKS})
    assert {e.verdict for e in ends.values()} == {Verdict.PASS}
    reads = [r.id for r in of(records, Exchange) if r.method == "GET"]
    asked = [w.exchanges[0] for w in of(records, Witness)]
    assert asked == [reads[0], reads[1], reads[1], reads[2]]


def test_a_witness_that_is_asked_once_is_always_sent(
    audit: Audit, records: list[AnyRecord]
) -> None:
    once = LOOKS.replace("check.send(keyed(check)))", "check.send(keyed(check)), once=True)")
    audit({"AA-01": LOOKS, "AA-02": once})
    asked = [w.exchanges[0] for w in of(records, Witness)]
    assert len(set(asked)) == len(asked) == 3


@pytest.mark.parametrize(
    ("held_back", "counted"),
    [
        (Request("GET", "/other"), 0),
        (READ.with_header("Authorization", "Bearer x"), 0),
        (Request("GET", "/other", (("Authorization", "Bearer x"),)), 3),
    ],
    ids=["the same caller", "somebody at the same place", "somebody elsewhere"],
)
def test_the_same_read_is_counted_while_its_caller_is_not_held_back(
    held_back: Request, counted: int
) -> None:
    recent = Recent()
    for _ in range(3):
        recent.notice(answered(READ))
    recent.notice(answered(Request("GET", "/other"), 404))
    recent.notice(replace(answered(READ), ended=time.perf_counter() - 61))
    assert recent.count(READ) == 3
    recent.notice(answered(held_back, 429))
    assert recent.count(READ) == counted
