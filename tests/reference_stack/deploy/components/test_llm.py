"""The embedded language model server."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.components.llm import LLM
from l7audit_stack.deploy.components.model import NAME, model_file, vocabulary, write_model
from l7audit_stack.deploy.forks import Forks
from l7audit_stack.deploy.homes import Home
from l7audit_stack.deploy.keeper import Keeper
from l7audit_stack.deploy.ports import Ports
from l7audit_stack.deploy.processes import Processes

Workshop = Callable[[Callable[[Programs, Forks], Awaitable[None]]], None]
ASK = {"model": NAME, "max_tokens": 6, "messages": [{"role": "user", "content": "say a word"}]}


def test_it_chats_streams_and_embeds_by_the_openai_protocol(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        server = LLM(Ports(home.folder).take())
        kept = Keeper(server, Processes(programs, forks), tmp_path / "llm.log")
        await kept.start()
        async with httpx.AsyncClient(base_url=f"{server.endpoint}/v1", timeout=10) as client:
            chat = (await client.post("/chat/completions", json=ASK)).json()
            words = chat["choices"][0]["message"]["content"].split()
            assert words
            assert set(words) <= {token.decode().strip("\u2581") for token in vocabulary()[0]}
            assert chat["usage"]["completion_tokens"] == 6

            chunks: list[str] = []
            async with client.stream(
                "POST", "/chat/completions", json={**ASK, "stream": True}
            ) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                chunks += [line async for line in answer.aiter_lines() if line]
            assert chunks[-1] == "data: [DONE]"
            deltas = [json.loads(c[6:])["choices"][0]["delta"] for c in chunks[:-1]]
            assert sum(bool(delta.get("content")) for delta in deltas) >= 3

            asked = {"model": NAME, "input": ["plan a test", "plan a test", "keep the data"]}
            rows = (await client.post("/embeddings", json=asked)).json()["data"]
            one, again, other = (row["embedding"] for row in rows)
            assert one == pytest.approx(again)
            assert one != pytest.approx(other)
        await kept.stop()

    workshop(work)


def test_the_model_is_the_same_on_every_machine(tmp_path: Path) -> None:
    write_model(tmp_path / "1.gguf")
    write_model(tmp_path / "2.gguf")
    assert (tmp_path / "1.gguf").read_bytes() == (tmp_path / "2.gguf").read_bytes()


def test_the_model_is_written_once_into_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = model_file()
    made = first.stat().st_mtime_ns
    assert model_file() == first
    assert first.stat().st_mtime_ns == made
    assert [path.name for path in first.parent.iterdir()] == [first.name]
