"""The client of the language model against the server that the stack deploys."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from l7audit_stack.api.embedding import embed
from l7audit_stack.api.llm import LlmClient
from l7audit_stack.api.llm_protocol import LlmRefusedError, Prompt
from l7audit_stack.deploy.components.model import model_file

pytest.importorskip("xllamacpp", reason="the language model server is in the extra [stack]")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log: Path = tmp_path_factory.mktemp("llm") / "log"
    module = "l7audit_stack.deploy.components.llm_server"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(model_file()), "127.0.0.1", str(port)],
            stdout=out,
            stderr=out,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def use(url: str, story: Callable[[LlmClient], Awaitable[None]]) -> None:
    async def main() -> None:
        client = LlmClient(url)
        try:
            async with asyncio.timeout(30):
                while not await client.is_ready():
                    await asyncio.sleep(0.05)
            await story(client)
        finally:
            await client.aclose()

    asyncio.run(main())


def prompt(text: str) -> Prompt:
    return Prompt(messages=[{"role": "user", "content": text}], max_tokens=6)


def test_it_answers_whole_within_the_token_limit(url: str) -> None:
    async def story(client: LlmClient) -> None:
        completion = await client.complete(prompt("hello"))
        assert completion.text
        assert 1 <= completion.usage.completion_tokens <= 6
        assert completion.finish_reason in {"stop", "length"}

    use(url, story)


def test_it_streams_in_several_pieces_to_a_reasoned_end(url: str) -> None:
    async def story(client: LlmClient) -> None:
        pieces = [piece async for piece in await client.stream(prompt("hello"))]
        assert sum(bool(piece.text) for piece in pieces) > 1
        assert any(piece.finish_reason in {"stop", "length"} for piece in pieces)
        assert pieces[-1].usage.completion_tokens >= 1

    use(url, story)


def test_a_prompt_beyond_its_context_is_refused_and_the_breaker_stays_closed(url: str) -> None:
    async def story(client: LlmClient) -> None:
        for _ in range(6):
            with pytest.raises(LlmRefusedError):
                await client.complete(prompt("\u00e9 q" * 4_000))
        assert client.breaker.state == "closed"

    use(url, story)


@pytest.mark.parametrize("text", ["", "hello", "\u4e2d\u6587" * 5_000])
def test_a_text_of_any_length_and_script_has_a_vector_of_the_server(url: str, text: str) -> None:
    async def story(client: LlmClient) -> None:
        assert (await embed(text, client)).model.startswith("server:")

    use(url, story)
