from __future__ import annotations

import shlex
import time
from typing import Any

import pytest

from l7audit.errors import OutOfScopeError
from l7audit.model import Safety, Target
from l7audit.probe.curl import curl
from l7audit.probe.probe import Probe
from l7audit.probe.raw import LONGEST, MOST_SENT, Raw
from l7audit.probe.request import Request


def ok(body: bytes = b"{}", status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


ASK = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def test_bytes_are_sent_as_they_are_given(server: Any, probe: Probe) -> None:
    odd = b"GET  /a\x7f HTTP/1.1\nX : \x80\x00\r\n\r\n"
    assert probe.talk(Raw((odd,), quiet=0)).statuses == (200,)
    assert server.seen == [odd]


def test_every_answer_on_the_connection_is_told_and_recorded(
    server: Any, probe: Probe, journal: Any
) -> None:
    server.script = lambda _: ok(b"one") + ok(b"two", status="404 Not Found")
    talk = probe.talk(Raw((ASK,)))
    assert talk.statuses == (200, 404)
    assert [a.body for a in talk.answers] == [b"one", b"two"]
    assert [e.status for e in journal.exchanges] == [200, 404]
    assert all(e.raw and e.request.body == ASK.decode() for e in journal.exchanges)


def test_an_answer_in_chunks_and_one_behind_it_are_told_apart(server: Any, probe: Probe) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    server.script = lambda _: [b"HTTP/1.1 100 Continue\r\n\r\n" + chunked[:70], chunked[70:] + ok()]
    talk = probe.talk(Raw((ASK,), answers=2))
    assert [a.body for a in talk.answers] == [b"abc", b"{}"]


def test_a_peer_that_hangs_up_is_told(server: Any, probe: Probe, journal: Any) -> None:
    server.script = lambda _: None
    talk = probe.talk(Raw((ASK,)))
    assert talk.closed
    assert talk.answers == ()
    assert [e.error for e in journal.exchanges] == ["closed without an answer"]
    assert talk.exchanges == (journal.exchanges[0].id,)


def test_what_is_no_http_is_kept_apart(server: Any, probe: Probe) -> None:
    server.script = lambda _: b"SSH-2.0-x\r\n\r\n"
    talk = probe.talk(Raw((ASK,), seconds=0.3))
    assert talk.answers == ()
    assert talk.junk.startswith(b"SSH")


def test_an_answer_that_breaks_off_is_told_as_cut(server: Any, probe: Probe) -> None:
    server.script = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"
    (answer,) = probe.talk(Raw((ASK,), seconds=0.2)).answers
    assert (answer.body, answer.truncated) == (b"abc", True)


def test_pieces_are_sent_apart_and_the_whole_has_an_end(server: Any, probe: Probe) -> None:
    pieces = (b"GET /slow HTTP/1.1\r\n", b"Host: x\r\n", *(b"X-A: b\r\n" for _ in range(50)))
    started = time.perf_counter()
    talk = probe.talk(Raw(pieces, pause=0.1, seconds=0.35))
    assert time.perf_counter() - started < 3
    assert talk.answers == ()
    assert talk.seconds >= 0.3
    assert server.seen == []


def test_conversations_are_held_at_the_same_time(server: Any, probe: Probe) -> None:
    talks = probe.talks([Raw((ASK,), quiet=0)] * 5)
    assert [t.statuses for t in talks] == [(200,)] * 5
    assert server.connections == 5


def test_a_refused_connection_is_told_and_does_not_end_the_check() -> None:
    closed = Target(name="t", provider="external", base_url="http://127.0.0.1:9", capabilities=[])
    talk = Probe(closed, lambda _: None).talk(Raw((ASK,)))
    assert talk.error.startswith("no connection")


def test_raw_bytes_stay_in_scope(probe: Probe) -> None:
    with pytest.raises(OutOfScopeError):
        probe.talk(Raw((ASK,), base_url="http://127.0.0.1:1"))


def test_a_passive_profile_allows_no_raw_bytes(target: Target) -> None:
    with pytest.raises(OutOfScopeError, match="allows only passive"):
        Probe(target, lambda _: None, safety=Safety.PASSIVE).talk(Raw((ASK,)))


@pytest.mark.parametrize("given", [{"seconds": LONGEST + 1}, {"pieces": (b"a" * MOST_SENT, b"b")}])
def test_a_conversation_has_bounds(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Raw(**{"pieces": (b"a",), **given})  # type: ignore[arg-type]


def test_secrets_in_raw_bytes_are_not_recorded(probe: Probe, journal: Any) -> None:
    probe.redactor.learn("s3cret-of-a-caller")
    probe.talk(Raw((b"GET / HTTP/1.1\r\nX-Key: s3cret-of-a-caller\r\n\r\n",), quiet=0))
    assert "s3cret" not in journal.exchanges[0].request.body


def test_a_request_is_spelled_as_the_probe_sends_it(server: Any, probe: Probe) -> None:
    request = Request("POST", "/a?b", (("X-A", "b"),), b"body")
    probe.send(request)
    assert server.seen == [probe.spelled(request)]


def test_raw_bytes_can_be_sent_again_from_a_shell(probe: Probe, journal: Any) -> None:
    probe.talk(Raw((b"GET /it's HTTP/1.1\r\nX: \x01\\\xff\r\n\r\n",), quiet=0))
    words = shlex.split(curl(journal.exchanges[0]))
    assert words[:3] == ["printf", "%b", r"GET /it's HTTP/1.1\r\nX: \01\\\0377\r\n\r\n"]
    assert words[3:5] == ["|", "nc"]
