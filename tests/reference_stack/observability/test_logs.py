"""Structured logs."""

from __future__ import annotations

import asyncio
import json

import pytest

from l7audit_stack.observability.logs import JsonLog


def _written(level: str) -> list[dict[str, object]]:
    chunks: list[bytes] = []

    async def story() -> None:
        log = JsonLog("one", level, write=chunks.append, delay=0.01)
        log.request(
            request_id="r",
            method="GET",
            operation="me.show",
            status=200,
            seconds=0.0012,
            client='1.1.1.1"\n{',
            principal=None,
        )
        log.say("ERROR", "unexpected-error", error="ValueError")
        log.close()

    asyncio.run(story())
    return [json.loads(line) for chunk in chunks for line in chunk.splitlines()]


def test_each_line_is_one_json_object() -> None:
    access, failure = _written("INFO")
    assert access["operation"] == "me.show"
    assert access["ms"] == pytest.approx(1.2, abs=0.01)
    assert failure["level"] == "error"


def test_the_level_decides_what_is_written() -> None:
    assert [line["event"] for line in _written("ERROR")] == ["unexpected-error"]


def test_lines_are_written_together_after_a_moment() -> None:
    chunks: list[bytes] = []

    async def story() -> None:
        log = JsonLog("one", write=chunks.append, delay=0.01)
        for _ in range(5):
            log.say("INFO", "x")
        assert chunks == []
        async with asyncio.timeout(10):
            while not chunks:
                await asyncio.sleep(0.01)

    asyncio.run(story())
    assert chunks[0].count(b"\n") == 5
