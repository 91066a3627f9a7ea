from __future__ import annotations

import asyncio
import zlib
from typing import Any

import pytest

from l7audit_stack.api.operation import Input
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.bodies import BodyReader
from l7audit_stack.defects.pen.bulk import AsItComes, Unfolds, UnfoldsToTheBound

BOMB = zlib.compress(b"{}" + b" " * 5000)


class Empty(Input, frozen=True):
    """Nothing."""


def received(reader: BodyReader) -> bytes:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BOMB}

    headers = {"content-encoding": "deflate", "content-type": "application/json"}
    reader.check_media_type(headers, ("application/json",))
    return asyncio.run(reader.receive(headers, receive, 1000))


def test_a_bomb_is_unfolded_past_the_bound_of_bodies() -> None:
    assert len(received(Unfolds())) == 5002


def test_a_bomb_is_unfolded_to_the_bound_and_refused() -> None:
    with pytest.raises(Problem) as refused:
        received(UnfoldsToTheBound())
    assert refused.value.status == 413


def test_production_takes_no_coded_body() -> None:
    with pytest.raises(Problem) as refused:
        received(BodyReader())
    assert refused.value.status == 415


def test_a_deep_document_breaks_a_decoder_that_nobody_guards() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(RecursionError):
        AsItComes().json(deep, Empty)
    with pytest.raises(Problem):
        BodyReader().json(deep, Empty)
