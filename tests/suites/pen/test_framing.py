from __future__ import annotations

import pytest

from l7audit_suites.pen import framing
from l7audit_suites.pen.framing import Opening, chunked

OPENING = Opening.of(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
CANARY = b"GET /canary HTTP/1.1\r\nHost: x\r\n\r\n"


def test_an_opening_has_nothing_that_frames_a_body() -> None:
    assert OPENING.lines == (b"POST /a HTTP/1.1", b"Host: x")


def test_a_length_ends_behind_the_canary_and_then_before_it() -> None:
    first, second = (sent for _, sent in framing.length_and_coding(OPENING, CANARY))
    head, _, body = first.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    assert body.startswith(b"0\r\n\r\n")
    head, _, body = second.partition(b"\r\n\r\n")
    (length,) = (int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"Content-L"))
    assert body[length:].startswith(b"GET /canary")


def test_a_canary_in_a_chunk_takes_in_what_stands_behind_it() -> None:
    before, body = chunked(CANARY)
    head, _, tail = body[before:].partition(b"\r\n\r\n")
    assert head.startswith(b"GET /canary")
    assert int(head.rpartition(b"Content-Length: ")[2]) == len(tail)


@pytest.mark.parametrize(
    "tries",
    [
        framing.length_and_coding, framing.disguised, framing.disputed_lengths,
        framing.loose_chunks, framing.bodies_of_reads,
    ],
)  # fmt: skip
def test_each_payload_has_a_name_of_its_own_and_holds_a_canary(tries: object) -> None:
    payloads = tries(OPENING, CANARY)  # type: ignore[operator]
    assert len({name for name, _ in payloads}) == len(payloads) > 1
    assert all(b"GET /canary HTTP/1.1\r\nHost: x\r\n" in sent for _, sent in payloads)
    assert all(sent.startswith(b"POST /a HTTP/1.1\r\nHost: x\r\n") for _, sent in payloads)


def test_a_field_of_another_name_is_not_taken_for_a_coding() -> None:
    names = [name for name, _ in framing.disguised(OPENING, CANARY) if "underscore" in name]
    assert names == ["Transfer-Encoding with underscore, length behind"]
