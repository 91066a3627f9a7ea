"""The client of the language model server, against a small real server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from l7audit_stack.api.breaker import Breaker
from l7audit_stack.api.llm import LlmClient
from l7audit_stack.api.llm_protocol import LlmRefusedError, LlmUnavailableError, Prompt

PROMPT = Prompt(messages=[{"role": "user", "content": "hello"}], max_tokens=8)
Answer = Callable[[dict[str, object]], tuple[int, str, bytes]]


@asynccontextmanager
async def server(answer: Answer, *, cut: bool = False) -> AsyncIterator[str]:
    """An HTTP server that answers each POST by `answer`; `cut` announces more than it sends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            body["_path"] = head.split(b" ")[1].decode()
            status, media_type, content = answer(body)
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nConnection: close\r\n"
                f"Content-Length: {len(content) + cut}\r\n\r\n".encode()
                + content
            )
            with suppress(ConnectionError):
                await writer.drain()
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        await listening.wait_closed()


def run(
    answer: Answer,
    use: Callable[[LlmClient], Awaitable[None]],
    *,
    cut: bool = False,
    breaker: Breaker | None = None,
) -> None:
    async def main() -> None:
        async with server(answer, cut=cut) as url:
            client = LlmClient(url, seconds=5.0, breaker=breaker)
            try:
                await use(client)
            finally:
                await client.aclose()

    asyncio.run(main())


def events(*pieces: object, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def piece(text: str | None, finish: str | None = None) -> dict[str, object]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish, "index": 0}]}


def test_a_whole_answer_carries_text_reason_and_usage() -> None:
    def answer(body: dict[str, object]) -> tuple[int, str, bytes]:
        assert body["max_tokens"] == 8
        assert body["stream"] is False
        choice = {"message": {"role": "assistant", "content": "hi"}, "finish_reason": "length"}
        usage = {"prompt_tokens": 3, "completion_tokens": 8, "total_tokens": 11}
        content = json.dumps({"choices": [choice], "usage": usage, "model": "/secret/path"})
        return 200, "application/json", content.encode()

    async def use(client: LlmClient) -> None:
        completion = await client.complete(PROMPT)
        assert (completion.text, completion.finish_reason) == ("hi", "length")
        assert completion.usage.total_tokens == 11

    run(answer, use)


def test_a_streamed_answer_arrives_piece_by_piece_until_its_end() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}

    def answer(body: dict[str, object]) -> tuple[int, str, bytes]:
        assert body["stream"] is True
        content = b": comment\n\n" + events(piece(None), piece("a"), piece("b", "stop"), usage)
        return 200, "text/event-stream", content

    async def use(client: LlmClient) -> None:
        pieces = [part async for part in await client.stream(PROMPT)]
        assert "".join(part.text for part in pieces) == "ab"
        assert pieces[2].finish_reason == "stop"
        assert pieces[-1].usage.completion_tokens == 2

    run(answer, use)


def test_a_stream_that_ends_before_its_end_is_reported() -> None:
    async def use(client: LlmClient) -> None:
        with pytest.raises(LlmUnavailableError, match="in the middle"):
            _ = [part async for part in await client.stream(PROMPT)]

    run(lambda _: (200, "text/event-stream", events(piece("a"), done=False)), use)


def test_a_connection_cut_in_the_middle_is_reported() -> None:
    async def use(client: LlmClient) -> None:
        with pytest.raises(LlmUnavailableError, match="broke off"):
            _ = [part async for part in await client.stream(PROMPT)]

    run(lambda _: (200, "text/event-stream", events(piece("a"), done=False)), use, cut=True)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"choices": []}', b"\xff\xfe"])
def test_an_answer_that_is_not_the_protocol_is_unavailability(content: bytes) -> None:
    async def use(client: LlmClient) -> None:
        with pytest.raises(LlmUnavailableError):
            await client.complete(PROMPT)

    run(lambda _: (200, "application/json", content), use)


def test_an_answer_without_bound_is_given_up() -> None:
    async def use(client: LlmClient) -> None:
        with pytest.raises(LlmUnavailableError, match="too long"):
            await client.complete(PROMPT)

    run(lambda _: (200, "application/json", b" " * 2_000_000), use)


def test_a_refused_prompt_is_the_callers_error_and_no_failure_of_the_server() -> None:
    breaker = Breaker(LlmUnavailableError, threshold=1)

    async def use(client: LlmClient) -> None:
        with pytest.raises(LlmRefusedError):
            await client.complete(PROMPT)
        with pytest.raises(LlmRefusedError):
            await client.stream(PROMPT)
        assert breaker.state == "closed"

    run(lambda _: (400, "application/json", b"{}"), use, breaker=breaker)


def test_after_failures_in_a_row_the_server_is_not_asked_any_more() -> None:
    asked: list[object] = []

    def answer(body: dict[str, object]) -> tuple[int, str, bytes]:
        asked.append(body)
        return 500, "application/json", b"{}"

    async def use(client: LlmClient) -> None:
        for _ in range(5):
            with pytest.raises(LlmUnavailableError):
                await client.complete(PROMPT)
        with pytest.raises(LlmUnavailableError, match="paused") as paused:
            await client.stream(PROMPT)
        assert paused.value.retry_after >= 1
        assert len(asked) == 2

    run(answer, use, breaker=Breaker(LlmUnavailableError, threshold=2, clock=lambda: 0.0))


def test_a_server_that_hangs_is_given_up_in_time() -> None:
    async def main() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.read()
            finally:
                writer.close()

        listening = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        client = LlmClient(f"http://127.0.0.1:{port}", seconds=0.2)
        try:
            with pytest.raises(LlmUnavailableError, match="in time"):
                await client.complete(PROMPT)
        finally:
            await client.aclose()
            listening.close()

    asyncio.run(main())


def test_an_unreachable_server_is_not_ready_and_offers_no_vectors() -> None:
    async def main() -> None:
        client = LlmClient("http://127.0.0.1:1")
        assert not await client.is_ready()
        assert await client.embed("x") is None
        with pytest.raises(LlmUnavailableError, match="reached"):
            await client.complete(PROMPT)
        await client.aclose()

    asyncio.run(main())


def test_vectors_are_asked_for_only_while_the_server_offers_them() -> None:
    asked: list[object] = []

    def refuse(body: dict[str, object]) -> tuple[int, str, bytes]:
        asked.append(body["_path"])
        return 501, "application/json", b"{}"

    async def use(client: LlmClient) -> None:
        assert await client.embed("x") is None
        assert await client.embed("y") is None
        assert asked == ["/v1/embeddings"]

    run(refuse, use)


def test_vectors_of_the_server_carry_its_models_name() -> None:
    content = json.dumps({"model": "m", "data": [{"embedding": [1.0, 2.0], "index": 0}]}).encode()

    async def use(client: LlmClient) -> None:
        assert await client.embed("x") == ("server:m", [1.0, 2.0])

    run(lambda _: (200, "application/json", content), use)


def test_a_long_text_is_embedded_in_pieces_and_their_mean_is_its_vector() -> None:
    sent: list[str] = []

    def answer(body: dict[str, object]) -> tuple[int, str, bytes]:
        pieces = body["input"]
        assert isinstance(pieces, list)
        sent.extend(pieces)
        data = [{"embedding": [float(index), 1.0]} for index in range(len(pieces))]
        return 200, "application/json", json.dumps({"model": "m", "data": data}).encode()

    async def use(client: LlmClient) -> None:
        assert await client.embed("\u00e9" * 700) == ("server:m", [1.0, 1.0])
        assert len(sent) == 3
        assert all(len(piece.encode()) <= 480 for piece in sent)

    run(answer, use)


def test_failing_embeddings_do_not_close_the_way_for_chat() -> None:
    def answer(body: dict[str, object]) -> tuple[int, str, bytes]:
        if body["_path"] == "/v1/embeddings":
            return 500, "application/json", b"{}"
        choice = {"message": {"content": "hi"}, "finish_reason": "stop"}
        return 200, "application/json", json.dumps({"choices": [choice]}).encode()

    async def use(client: LlmClient) -> None:
        for _ in range(6):
            assert await client.embed("x") is None
        assert (await client.complete(PROMPT)).text == "hi"

    run(answer, use)
