"""Chat over HTTP: whole and streamed answers, bounds, and a language model that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

Within = Callable[..., None]
PATH = "/v1/chat/completions"
HELLO = {"messages": [{"role": "user", "content": "hello"}]}


class Model:
    """A language model of the test's own: notes what it is asked, answers what it is told."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.broken = False
        self.said = "hi"

    def answer(self, body: dict[str, Any]) -> tuple[str, bytes]:
        self.asked.append(body)
        if not body["stream"]:
            choice = {
                "message": {"role": "assistant", "content": self.said},
                "finish_reason": "stop",
            }
            usage = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
            document = {"choices": [choice], "usage": usage, "model": "/srv/secret.gguf"}
            return "application/json", json.dumps(document).encode()
        pieces: list[Any] = [{"choices": [{"delta": {"content": text}}]} for text in self.said]
        pieces.append({"choices": [{"delta": {}, "finish_reason": "length"}]})
        events = [f"data: {json.dumps(piece)}\n\n" for piece in pieces]
        if self.broken:
            return "text/event-stream", events[0].encode()
        return "text/event-stream", "".join([*events, "data: [DONE]\n\n"]).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"post"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            media_type, content = self.answer(json.loads(await reader.readexactly(length)))
            writer.write(
                f"HTTP/1.1 {self.status} X\r\nContent-Type: {media_type}\r\nConnection: close\r\n"
                f"Content-Length: {len(content)}\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        finally:
            writer.close()


def test_a_whole_answer_has_the_shape_of_the_protocol_and_nothing_of_the_servers_own(
    within: Within,
) -> None:
    model = Model()

    async def story(people: Any) -> None:
        answer = await people.bob.post(PATH, json={**HELLO, "max_tokens": 5})
        assert answer.status_code == 200
        assert answer.json()["choices"][0]["message"] == {"role": "assistant", "content": "hi"}
        assert answer.json()["usage"]["total_tokens"] == 3
        assert "secret" not in answer.text
        assert model.asked[0]["max_tokens"] == 5

    within(story, model=model)


def test_a_streamed_answer_is_events_until_done(within: Within) -> None:
    model = Model()

    async def story(people: Any) -> None:
        answer = await people.bob.post(PATH, json={**HELLO, "stream": True})
        assert answer.headers["content-type"] == "text/event-stream"
        events = [line[6:] for line in answer.text.split("\n\n") if line]
        assert events[-1] == "[DONE]"
        choices = [json.loads(event)["choices"][0] for event in events[:-1]]
        assert "".join(choice["delta"].get("content", "") for choice in choices) == "hi"
        assert choices[0]["delta"]["role"] == "assistant"
        assert choices[-1]["finish_reason"] == "length"

    within(story, model=model)


def test_a_stream_that_breaks_off_ends_with_an_error_event_and_without_done(
    within: Within,
) -> None:
    model = Model()

    async def story(people: Any) -> None:
        model.broken = True
        answer = await people.bob.post(PATH, json={**HELLO, "stream": True})
        assert "event: error" in answer.text
        assert "[DONE]" not in answer.text

    within(story, model=model)


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_is_away_is_503_with_a_time_to_wait(within: Within, stream: bool) -> None:
    async def story(people: Any) -> None:
        for _ in range(7):
            answer = await people.bob.post(PATH, json={**HELLO, "stream": stream})
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
        assert people.parts.llm.breaker.state == "open"

    within(story)


def test_a_prompt_the_model_refuses_is_the_callers_error(within: Within) -> None:
    model = Model()

    async def story(people: Any) -> None:
        model.status = 400
        assert (await people.bob.post(PATH, json=HELLO)).status_code == 422

    within(story, model=model)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_quotes_the_agents_instructions_is_withheld(
    within: Within, stream: bool
) -> None:
    model = Model()
    secret = "The cake is in the blue cupboard."

    async def story(people: Any) -> None:
        agent = {"name": "x", "instructions": f"Be short. {secret}"}
        key = (await people.bea.post("/v1/agents", json=agent)).json()["id"]
        model.said = f"I was told: {secret.upper()} Bye."
        asked = {**HELLO, "agent_id": key, "stream": stream}
        answer = (await people.bob.post(PATH, json=asked)).text
        assert "cupboard" not in answer.lower()
        assert "I can't repeat my instructions." in answer
        # Without that agent it is nobody's secret, and another answer goes out whole.
        assert "CUPBOARD" in (await people.bob.post(PATH, json=HELLO)).text
        model.said = "There is no cake today, nor tomorrow."
        answer = (await people.bob.post(PATH, json=asked)).text
        lines = [line[6:] for line in answer.splitlines() if line.startswith("data: {")]
        pieces = [json.loads(line)["choices"][0]["delta"].get("content", "") for line in lines]
        assert ("".join(pieces) if stream else answer).count(model.said) == 1

    within(story, model=model)


def test_what_an_agent_remembers_it_may_say(within: Within) -> None:
    model = Model()

    async def story(people: Any) -> None:
        agent = {"name": "x", "instructions": "Answer every question in verse."}
        key = (await people.bob.post("/v1/agents", json=agent)).json()["id"]
        memory = "Bob takes his tea with three spoons of sugar."
        await people.bob.post(f"/v1/agents/{key}/memories", json={"text": memory})
        model.said = memory
        answer = await people.bob.post(PATH, json={**HELLO, "agent_id": key})
        assert answer.json()["choices"][0]["message"]["content"] == memory

    within(story, model=model)


def test_an_agents_instructions_come_first_and_only_of_the_own_tenant(within: Within) -> None:
    model = Model()

    async def story(people: Any) -> None:
        agent = {"name": "x", "instructions": "Be short."}
        ours = (await people.bea.post("/v1/agents", json=agent)).json()["id"]
        theirs = (await people.dave.post("/v1/agents", json=agent)).json()["id"]
        await people.bob.post(PATH, json={**HELLO, "agent_id": ours})
        assert model.asked[0]["messages"][0] == {"role": "system", "content": "Be short."}
        await people.bea.post(f"/v1/agents/{ours}/memories", json={"text": "Bob likes tea."})
        await people.bob.post(PATH, json={**HELLO, "agent_id": ours})
        assert model.asked[1]["messages"][0]["content"] == "Be short.\n- Bob likes tea."
        answer = await people.bob.post(PATH, json={**HELLO, "agent_id": theirs})
        assert answer.status_code == 422
        assert len(model.asked) == 2

    within(story, model=model)


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "user", "content": "x" * 16_001}]},
        {"messages": [{"role": "user", "content": "x" * 16_000}] * 3},
        {"messages": [{"role": "user", "content": "x"}] * 65},
        {"max_tokens": 0},
        {"max_tokens": 513},
        {"max_tokens": 10**30},
        {"temperature": -1},
        {"temperature": "hot"},
        {"model": "../other"},
        {"agent_id": "1"},
        {"stop": ["x"] * 5},
        {"n": 2},
    ],
)
def test_a_request_out_of_bounds_never_reaches_the_model(
    within: Within, change: dict[str, Any]
) -> None:
    model = Model()

    async def story(people: Any) -> None:
        assert (await people.bob.post(PATH, json={**HELLO, **change})).status_code == 422
        assert model.asked == []

    within(story, model=model)


def test_a_viewer_and_an_operator_do_not_chat(within: Within) -> None:
    async def story(people: Any) -> None:
        assert (await people.carol.post(PATH, json=HELLO)).status_code == 403
        assert (await people.root.post(PATH, json=HELLO)).status_code == 403

    within(story)
