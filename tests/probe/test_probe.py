from __future__ import annotations

import threading
from typing import Any

import pytest

from l7audit.errors import BudgetSpentError, OutOfScopeError, TargetLostError
from l7audit.journal import decode, encode
from l7audit.model import Credential, Identity, Target
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth, Request
from l7audit.profile import Budget

GET = Request("GET", "/x?y=1")


def ok(*fields: str, status: str = "200 OK", body: bytes = b"{}") -> bytes:
    head = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("l7audit.probe.probe.time.sleep", slept.append)
    return slept


def test_an_exchange_is_recorded_as_it_was(probe: Probe, journal: Any, server: Any) -> None:
    server.script = lambda _: ok("X-A: b", "X-A: c", status="418 Teapot", body=b"short")
    answer = probe.send(GET.with_headers({"X-Q": "1"}), identity="alice")
    (record,) = journal.exchanges
    assert record.id == answer.exchange
    assert (record.check, record.identity) == ("area/test_x.py::test_y", "alice")
    assert (record.method, record.url) == ("GET", f"{server.url}/x?y=1")
    assert record.request.headers == [("X-Q", "1")]
    assert (record.status, record.response.body, record.response.size) == (418, "short", 5)
    assert ("X-A", "b") in record.response.headers
    assert ("X-A", "c") in record.response.headers
    assert decode(encode(record)) == record


def test_an_answer_that_did_not_come_is_recorded_with_its_reason(
    probe: Probe, journal: Any, server: Any
) -> None:
    server.script = lambda _: None
    answer = probe.send(Request("POST", "/"))
    assert answer.status is None
    assert "closed without an answer" in journal.exchanges[0].error


def test_ids_differ_over_views_and_probes(target: Target, journal: Any) -> None:
    for _ in range(2):
        probe = Probe(target, journal)
        probe.send(GET)
        probe.for_check("other").send(GET)
        probe.close()
    assert len({e.id for e in journal.exchanges}) == 4


def test_a_view_records_for_its_check_on_the_same_budget(probe: Probe, journal: Any) -> None:
    view = probe.for_check("b")
    view.send(GET)
    assert journal.exchanges[0].check == "b"
    assert probe.spent == view.spent == 1


def test_patience_waits_as_told_and_asks_again(
    probe: Probe, server: Any, journal: Any, no_waiting: list[float]
) -> None:
    answers = [ok("Retry-After: 2", status="429 Too Many"), ok()]
    server.script = lambda _: answers.pop(0)
    assert probe.send(GET).ok
    assert no_waiting == [2.0]
    assert [e.status for e in journal.exchanges] == [429, 200]


@pytest.mark.parametrize("asked", ["4", "Wed, 21 Oct 2065 07:28:00 GMT", "nonsense", "-1", ""])
def test_patience_is_bounded_whatever_the_target_asks_for(
    probe: Probe, server: Any, no_waiting: list[float], asked: str
) -> None:
    server.script = lambda _: ok(f"Retry-After: {asked}", status="429 Too Many")
    assert probe.send(GET).throttled
    assert len(no_waiting) == 3
    assert max(no_waiting) <= 5
    assert probe.for_check("next").send(GET).throttled
    assert len(no_waiting) == 3  # it was in vain a moment ago


def test_without_patience_a_429_is_the_answer(probe: Probe, server: Any, journal: Any) -> None:
    server.script = lambda _: ok(status="429 Too Many")
    assert probe.send(GET, patience=False).throttled
    assert len(journal.exchanges) == 1


def test_a_read_on_a_connection_that_was_just_closed_is_tried_once_more(
    probe: Probe, server: Any
) -> None:
    answers = [None, ok()]
    server.script = lambda _: answers.pop(0)
    assert probe.send(GET).ok


def test_a_write_is_never_sent_twice(probe: Probe, server: Any) -> None:
    server.script = lambda _: None
    probe.send(Request("POST", "/"))
    assert len(server.seen) == 1


def test_a_target_that_is_gone_is_lost_after_bounded_tries(journal: Any) -> None:
    gone = Target(name="t", provider="p", base_url="http://127.0.0.1:1", capabilities=[])
    probe = Probe(gone, journal)
    with pytest.raises(TargetLostError, match="stopped answering"):
        probe.send(GET)
    assert len(journal.exchanges) == 4


def test_a_burst_at_a_target_that_is_gone_is_lost(journal: Any) -> None:
    gone = Target(name="t", provider="p", base_url="http://127.0.0.1:1", capabilities=[])
    with pytest.raises(TargetLostError):
        Probe(gone, journal).burst([GET] * 3, 2)
    assert len(journal.exchanges) == 3


def test_another_origin_is_not_gone_to(probe: Probe, server: Any) -> None:
    with pytest.raises(OutOfScopeError):
        probe.send(Request("GET", "/", base_url="http://127.0.0.1:1"))
    assert server.seen == []


def test_a_base_url_outside_the_origins_is_refused_at_once(server: Any) -> None:
    odd = Target(
        name="t", provider="p", base_url=server.url, origins=["https://x.example"], capabilities=[]
    )
    with pytest.raises(OutOfScopeError, match="base URL"):
        Probe(odd, lambda _: None)


def test_a_redirect_is_an_answer_like_any_other(probe: Probe, server: Any) -> None:
    server.script = lambda _: ok("Location: /y", status="302 Found")
    assert probe.send(GET).status == 302
    assert len(server.seen) == 1


def test_a_redirect_within_the_target_is_followed_on_request(probe: Probe, server: Any) -> None:
    answers = [ok("Location: ../y?z=1", status="303 See Other"), ok(body=b"there")]
    server.script = lambda _: answers.pop(0)
    moved = probe.send(Request("POST", "/a/b", content=b"x", follow=True))
    assert moved.body == b"there"
    assert server.seen[1].startswith(b"GET /y?z=1 HTTP/1.1")


def test_a_redirect_keeps_method_and_body_where_it_says_so(probe: Probe, server: Any) -> None:
    answers = [ok("Location: /y", status="307 Temporary"), ok()]
    server.script = lambda _: answers.pop(0)
    probe.send(Request("POST", "/a", content=b"x", follow=True))
    assert server.seen[1].startswith(b"POST /y")
    assert server.seen[1].endswith(b"x")


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/", "//evil.example/", "https://127.0.0.1/", "file:///etc"]
)
def test_a_redirect_out_of_the_target_is_never_followed(
    probe: Probe, server: Any, location: str
) -> None:
    server.script = lambda _: ok(f"Location: {location}", status="302 Found")
    with pytest.raises(OutOfScopeError):
        probe.send(Request("GET", "/", follow=True))
    assert len(server.seen) == 1


def test_redirects_in_a_circle_end(probe: Probe, server: Any) -> None:
    server.script = lambda _: ok("Location: /x", status="302 Found")
    assert probe.send(Request("GET", "/x", follow=True)).status == 302
    assert len(server.seen) == 6


def test_a_redirect_to_another_origin_of_the_target_takes_no_credentials_along(
    server: Any, journal: Any
) -> None:
    answers = [ok(f"Location: http://localhost:{server.port}/y", status="302 Found"), ok()]
    server.script = lambda _: answers.pop(0)
    both = Target(
        name="t",
        provider="p",
        base_url=server.url,
        origins=[server.url, f"http://localhost:{server.port}"],
        capabilities=[],
    )
    probe = Probe(both, journal)
    probe.send(Request("GET", "/", follow=True).with_auth(Auth.bearer("secret-token")))
    probe.close()
    assert b"secret-token" in server.seen[0]
    assert b"secret-token" not in server.seen[1]


def test_a_burst_keeps_the_order_of_its_requests(probe: Probe, server: Any, journal: Any) -> None:
    server.script = lambda request: ok(body=request.split(b" ")[1])
    requests = [Request("GET", f"/{n}") for n in range(60)]
    answers = probe.burst(requests, 8, identity="bob")
    assert [a.text for a in answers] == [r.path for r in requests]
    assert [e.id for e in journal.exchanges] == [a.exchange for a in answers]
    assert all(a.started < a.ended for a in answers)


def test_a_burst_has_as_many_requests_in_flight_as_asked_for(probe: Probe, server: Any) -> None:
    together = threading.Barrier(6, timeout=5)

    def wait_for_the_others(_: bytes) -> bytes:
        together.wait()
        return ok()

    server.script = wait_for_the_others
    assert all(a.ok for a in probe.burst([GET] * 12, 6))


def test_a_burst_stops_at_the_budget_and_keeps_what_came(target: Target, journal: Any) -> None:
    probe = Probe(target, journal, limits=Budget(requests=5))
    with pytest.raises(BudgetSpentError):
        probe.burst([GET] * 20, 4)
    probe.close()
    assert len(journal.exchanges) == 5


def test_an_empty_burst_is_nothing(probe: Probe) -> None:
    assert probe.burst([], 4) == []


def test_timed_requests_take_turns(probe: Probe, server: Any) -> None:
    answers = probe.timed([Request("GET", "/a"), Request("GET", "/b")], rounds=3)
    assert [len(a) for a in answers] == [3, 3]
    assert [r.split(b" ")[1] for r in server.seen] == [b"/a", b"/b"] * 3


def test_the_sink_is_called_by_one_thread_at_a_time(target: Target) -> None:
    inside = threading.Semaphore(1)

    def sink(_: object) -> None:
        assert inside.acquire(blocking=False)
        inside.release()

    probe = Probe(target, sink)
    threads = [threading.Thread(target=probe.send, args=(GET,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    probe.close()


def test_no_credential_of_the_target_reaches_the_journal(server: Any, journal: Any) -> None:
    server.script = lambda request: ok("X-Echo: s3cr3t-key-value", body=request)
    who = Identity(
        name="a", credentials=[Credential(kind="api_key", name="X-K", secret="s3cr3t-key-value")]
    )
    target = Target(name="t", provider="p", base_url=server.url, capabilities=[], identities=[who])
    probe = Probe(target, journal)
    probe.send(
        Request("GET", "/?q=s3cr3t-key-value").with_auth(Auth.api_key("X-K", "s3cr3t-key-value"))
    )
    probe.redactor.learn("learned-later")
    probe.send(Request("POST", "/", content=b"learned-later"))
    probe.close()
    assert b"s3cr3t-key-value" in server.seen[0]
    written = b"".join(encode(r) for r in journal.exchanges)
    assert b"s3cr3t" not in written
    assert b"learned-later" not in written
