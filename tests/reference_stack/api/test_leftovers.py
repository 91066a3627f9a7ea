"""What a refused request still sends is read, so that its answer arrives."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from l7audit_stack.api import leftovers
from l7audit_stack.api.leftovers import Tap, sends_body

Message = MutableMapping[str, Any]


class Sender:
    """Gives body pieces, then silence."""

    def __init__(self, *pieces: Message) -> None:
        self.pieces = list(pieces)

    async def __call__(self) -> Message:
        if not self.pieces:
            await asyncio.Event().wait()
        return self.pieces.pop(0)


def piece(size: int, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


def test_the_rest_of_a_body_is_read_to_its_end() -> None:
    sender = Sender(piece(10), piece(10), piece(5, more=False))
    asyncio.run(Tap(sender).drain())
    assert sender.pieces == []


def test_nothing_is_awaited_once_the_body_was_read() -> None:
    async def whole() -> Message:
        tap = Tap(Sender(piece(3, more=False)))
        first = await tap()
        await tap.drain()  # would hang in the sender's silence
        return first

    assert asyncio.run(asyncio.wait_for(whole(), 2))["body"] == b"xxx"


def test_a_client_that_leaves_ends_the_reading() -> None:
    sender = Sender(piece(10), {"type": "http.disconnect"}, piece(10))
    asyncio.run(Tap(sender).drain())
    assert len(sender.pieces) == 1


def test_no_more_is_read_than_the_edge_lets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "MOST_BYTES", 25)
    sender = Sender(*(piece(10) for _ in range(9)))
    asyncio.run(Tap(sender).drain())
    assert len(sender.pieces) == 6


def test_a_sender_that_stalls_is_left_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "MOST_SECONDS", 0.05)
    asyncio.run(asyncio.wait_for(Tap(Sender(piece(10))).drain(), 5))


@pytest.mark.parametrize(
    ("headers", "sends"),
    [
        ({}, False),
        ({"content-length": "0"}, False),
        ({"content-length": "7"}, True),
        ({"transfer-encoding": "chunked"}, True),
    ],
)
def test_a_body_is_known_by_its_headers(headers: dict[str, str], sends: bool) -> None:
    assert sends_body(headers) is sends
