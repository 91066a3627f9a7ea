"""The OpenAI protocol as this service speaks it: what is sent, what is read, in which bounds.

Of an answer only the fields named here are read; everything else a server adds is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

import httpx
import msgspec

_MAX_ANSWER = 1_048_576
_PIECE = 480
_MAX_PIECES = 16
_T = TypeVar("_T")


class LlmUnavailableError(RuntimeError):
    """The server gave no usable answer. `retry_after` is in seconds."""

    def __init__(self, sentence: str, retry_after: int = 1) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class LlmRefusedError(ValueError):
    """The server would not take the request, as when the prompt exceeds its context."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The language model refused the request with status {status}.")
        self.status = status


class Prompt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked of the server. `max_tokens` bounds the answer."""

    messages: Sequence[dict[str, str]]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: Sequence[str] = ()


class Usage(msgspec.Struct, frozen=True):
    """Tokens counted by the server."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class TextDocument(msgspec.Struct, frozen=True):
    """What was said."""

    content: str | None = None


class ChoiceDocument(msgspec.Struct, frozen=True):
    """One answer, or what a streamed piece adds to it."""

    message: TextDocument = TextDocument()
    delta: TextDocument = TextDocument()
    finish_reason: str | None = None


class AnswerDocument(msgspec.Struct, frozen=True):
    """A chat answer, or a piece of it."""

    choices: list[ChoiceDocument] = []
    usage: Usage = Usage()


class VectorDocument(msgspec.Struct, frozen=True):
    """One vector."""

    embedding: list[float]


class VectorsDocument(msgspec.Struct, frozen=True):
    """An answer of embeddings, one vector a piece of text."""

    data: list[VectorDocument]
    model: str = "server"


class Completion(msgspec.Struct, frozen=True):
    """A finished answer, or one piece of a streamed one (`usage` then only in the last)."""

    text: str
    finish_reason: str | None
    usage: Usage


def cut(text: str) -> list[str]:
    """The beginning of `text` in at most `_MAX_PIECES` pieces of at most `_PIECE` bytes.

    A byte is at most one token of any tokeniser, so a piece fits the server's batch.
    """
    raw = text.encode()[: _PIECE * _MAX_PIECES]
    cuts = [raw[start : start + _PIECE] for start in range(0, len(raw), _PIECE)]
    return [cut.decode("utf-8", "ignore") for cut in cuts] or [""]


def encode(prompt: Prompt, *, stream: bool) -> bytes:
    """The body of a chat request."""
    fields: dict[str, Any] = msgspec.to_builtins(prompt)
    fields["stream"] = stream
    if stream:
        fields["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(fields)


def decode(document: bytes, kind: type[_T]) -> _T:
    """Read an answer. Raises LlmUnavailableError for what is not the protocol."""
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise LlmUnavailableError("The language model gave an unreadable answer.") from None


async def bounded(answer: httpx.Response, deadline: float) -> AsyncIterator[bytes]:
    """The answer's bytes, at most `_MAX_ANSWER`, until `deadline` (the event loop's clock)."""
    chunks = answer.aiter_bytes()
    read = 0
    while True:
        try:
            # Around each read and not around the loop: a stream may change its task between two.
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise LlmUnavailableError("The language model did not answer in time.") from None
        except httpx.HTTPError:
            raise LlmUnavailableError("The language model broke off its answer.") from None
        if chunk is None:
            return
        read += len(chunk)
        if read > _MAX_ANSWER:
            raise LlmUnavailableError("The language model's answer is too long.")
        yield chunk


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a stream of bytes, without their ends."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")
    if rest:
        yield rest
