"""Chat completions in the shape of the OpenAI protocol, whole or as server-sent events.

Answers are built anew from what the language model said: its own fields (paths, timings) stay in.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID, uuid4

import msgspec

from l7audit_stack.api.llm import CompletionStream
from l7audit_stack.api.llm_protocol import (
    Completion,
    LlmRefusedError,
    LlmUnavailableError,
    Prompt,
)
from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import agents
from l7audit_stack.api.routes.shapes import Text
from l7audit_stack.api.security.secrecy import WITHHELD, Watch

MODEL = "agent-chat"
MAX_TOKENS = 512
MAX_PROMPT = 32_000
"""Characters of all messages together."""

Finish = Literal["stop", "length"]


class Message(Input, frozen=True):
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: Text


class ChatRequest(Input, frozen=True):
    """A conversation to go on with. `agent_id` puts that agent's instructions before it."""

    messages: Annotated[list[Message], msgspec.Meta(min_length=1, max_length=64)]
    model: Literal["agent-chat"] = "agent-chat"
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=MAX_TOKENS)] = 128
    temperature: Annotated[float, msgspec.Meta(ge=0.0, le=2.0)] = 1.0
    top_p: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 1.0
    seed: Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)] | None = None
    stop: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]],
        msgspec.Meta(max_length=4),
    ] = []
    stream: bool = False
    agent_id: UUID | None = None


class AnswerMessage(Output, frozen=True):
    """What the model said."""

    role: Literal["assistant"]
    content: str


class Choice(Output, frozen=True):
    """The one answer there is."""

    index: int
    message: AnswerMessage
    finish_reason: Finish


class TokenUsage(Output, frozen=True):
    """Tokens of the prompt, of the answer, and both."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatAnswer(Output, frozen=True):
    """A whole answer. `created` is in seconds since 1970."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: TokenUsage


class Delta(Output, frozen=True, omit_defaults=True):
    """What a streamed piece adds."""

    role: str | None = None
    content: str = ""


class StreamChoice(Output, frozen=True):
    """A streamed piece of the one answer there is."""

    index: int
    delta: Delta
    finish_reason: Finish | None


class ChatPiece(Output, frozen=True):
    """One event of a streamed answer."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[StreamChoice]


async def complete(call: Call) -> Reply:
    """Answer whole, or as events where the caller asks for them."""
    request: ChatRequest = call.body
    prompt, watch = await _prompt(call, request)
    name, created = f"chatcmpl-{uuid4()}", int(time.time())
    try:
        if request.stream:
            pieces = await call.parts.llm.stream(prompt)
            return Reply(
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store"},
                stream=_events(pieces, watch, name, created),
            )
        completion = await call.parts.llm.complete(prompt)
    except LlmRefusedError:
        raise Problem(
            422, "prompt-refused", "The language model can't take this prompt: shorten it."
        ) from None
    except LlmUnavailableError as error:
        raise Problem(
            503,
            "language-model-unavailable",
            "The language model is not available now: try again later.",
            headers={"Retry-After": str(error.retry_after)},
        ) from None
    if watch.passed(completion.text) is None:
        completion = Completion(WITHHELD, "stop", completion.usage)
    return Reply(_answer(completion, name, created))


async def _prompt(call: Call, request: ChatRequest) -> tuple[Prompt, Watch]:
    """What the model is given, and the watch over what it must not repeat."""
    instructions = ""
    messages = [{"role": turn.role, "content": turn.content} for turn in request.messages]
    if request.agent_id is not None:
        # Memories are there to be spoken of: only the instructions themselves are kept back.
        instructions, before = await _instructions(call, request.agent_id)
        if before:
            messages.insert(0, {"role": "system", "content": before})
    if sum(len(turn["content"]) for turn in messages) > MAX_PROMPT:
        raise Problem(
            422, "prompt-refused", f"All messages together have at most {MAX_PROMPT} characters."
        )
    prompt = Prompt(
        messages=messages,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
        stop=request.stop,
    )
    return prompt, call.parts.secrecy.watch(instructions)


async def _instructions(call: Call, agent: UUID) -> tuple[str, str]:
    try:
        return await agents.instructions(call, agent)
    except Problem as problem:
        if problem.status != 404:
            raise
        # The path exists: it is the input that names an agent which, for this caller, does not.
        raise Problem(422, "agent-unknown", "There is no such agent.") from None


def _answer(completion: Completion, name: str, created: int) -> ChatAnswer:
    usage = completion.usage
    message = AnswerMessage(role="assistant", content=completion.text)
    return ChatAnswer(
        id=name,
        object="chat.completion",
        created=created,
        model=MODEL,
        choices=[Choice(index=0, message=message, finish_reason=_finish(completion) or "stop")],
        usage=TokenUsage(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            total_tokens=usage.prompt_tokens + usage.completion_tokens,
        ),
    )


async def _events(
    pieces: CompletionStream, watch: Watch, name: str, created: int
) -> AsyncIterator[bytes]:
    """The pieces as server-sent events. A failure on the way is an event: the status has gone."""
    role: str | None = "assistant"
    try:
        async for piece in pieces:
            finish = _finish(piece)
            text = watch.passed(piece.text)
            withheld = text is None
            if text is None:
                text, finish = WITHHELD, "stop"
            elif finish is not None:
                text += watch.rest()
            if not text and finish is None and role is None:
                continue
            choice = StreamChoice(
                index=0, delta=Delta(role=role, content=text), finish_reason=finish
            )
            role = None
            yield _event(
                ChatPiece(
                    id=name,
                    object="chat.completion.chunk",
                    created=created,
                    model=MODEL,
                    choices=[choice],
                )
            )
            if withheld:
                break
        yield b"data: [DONE]\n\n"
    except LlmUnavailableError:
        yield b'event: error\ndata: {"detail":"The language model broke off its answer."}\n\n'
    finally:
        await pieces.aclose()


def _event(piece: ChatPiece) -> bytes:
    return b"data: " + msgspec.json.encode(piece) + b"\n\n"


def _finish(completion: Completion) -> Finish | None:
    if completion.finish_reason is None:
        return None
    return "length" if completion.finish_reason == "length" else "stop"


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="chat.complete",
        method="POST",
        path="/v1/chat/completions",
        handler=complete,
        summary="Let the language model answer a conversation, whole or streamed.",
        tag="chat",
        permission="chat:use",
        body=ChatRequest,
        answer=ChatAnswer,
        stream_media_type="text/event-stream",
        limit="chat",
        timeout=60.0,
    ),
)
