"""The client of the language model server: the OpenAI protocol as llama.cpp speaks it.

Every call is bounded in time and in bytes, and goes through a circuit breaker, so that a server
that hangs costs its callers one short wait and then none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self, TypeVar

import httpx
import msgspec

from l7audit_stack.api.breaker import Breaker, BreakerOpenError

_MAX_ANSWER = 1_048_576
_REFUSALS = frozenset({400, 404, 405, 413, 422, 501})
_NOT_OFFERED = frozenset({404, 405, 501})
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


class _Text(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Text = _Text()
    delta: _Text = _Text()
    finish_reason: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    choices: list[_Choice] = []
    usage: Usage = Usage()


class _Vector(msgspec.Struct, frozen=True):
    embedding: list[float]


class _Vectors(msgspec.Struct, frozen=True):
    data: list[_Vector]
    model: str = "server"


class Completion(msgspec.Struct, frozen=True):
    """A finished answer, or one piece of a streamed one (`usage` then only in the last)."""

    text: str
    finish_reason: str | None
    usage: Usage


class CompletionStream:
    """The pieces of a streamed answer, in order. Close it when you stop before its end."""

    def __init__(self, pieces: AsyncGenerator[Completion, None], first: Completion | None) -> None:
        self._pieces = pieces
        self._first = first

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Completion:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return await anext(self._pieces)

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._pieces.aclose()


class LlmClient:
    """Calls to one server at `url`. `seconds` bounds a whole call, streaming included."""

    def __init__(
        self,
        url: str,
        *,
        seconds: float = 30.0,
        connect_seconds: float = 2.0,
        breaker: Breaker | None = None,
    ) -> None:
        self.breaker = breaker or Breaker(failure=LlmUnavailableError)
        self._seconds = seconds
        self._offers_vectors = True
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(seconds, connect=connect_seconds),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def is_ready(self) -> bool:
        """Whether the server says that its model is loaded, within a second."""
        try:
            async with asyncio.timeout(1.0):
                answer = await self._client.get("/health")
        except (httpx.HTTPError, TimeoutError):
            return False
        return answer.status_code == 200

    async def complete(self, prompt: Prompt) -> Completion:
        """One whole answer. Raises LlmUnavailableError or LlmRefusedError."""
        document = await self._post("/v1/chat/completions", _body(prompt, stream=False))
        answer = _decode(document, _Answer)
        if not answer.choices:
            raise LlmUnavailableError("The language model gave an empty answer.")
        choice = answer.choices[0]
        return Completion(choice.message.content or "", choice.finish_reason, answer.usage)

    async def stream(self, prompt: Prompt) -> CompletionStream:
        """A streamed answer, opened: its first piece has arrived when this returns.

        Raises LlmUnavailableError or LlmRefusedError here; later only LlmUnavailableError.
        """
        pieces = self._pieces(prompt)
        return CompletionStream(pieces, await anext(pieces, None))

    async def embed(self, text: str) -> tuple[str, Sequence[float]] | None:
        """Model name and vector; None where the server offers none or doesn't answer."""
        if not self._offers_vectors:
            return None
        body = msgspec.json.encode({"input": text[:8_000], "encoding_format": "float"})
        try:
            vectors = _decode(await self._post("/v1/embeddings", body), _Vectors)
        except LlmRefusedError as error:
            if error.status in _NOT_OFFERED:
                self._offers_vectors = False
            return None
        except LlmUnavailableError:
            return None
        return (f"server:{vectors.model}", vectors.data[0].embedding) if vectors.data else None

    async def _post(self, path: str, body: bytes) -> bytes:
        with self._guard():
            async with self._open(path, body) as answer:
                parts = [part async for part in _bounded(answer, self._deadline())]
        return b"".join(parts)

    async def _pieces(self, prompt: Prompt) -> AsyncGenerator[Completion, None]:
        with self._guard():
            async with self._open("/v1/chat/completions", _body(prompt, stream=True)) as answer:
                async for line in _lines(_bounded(answer, self._deadline())):
                    if not line.startswith(b"data:"):
                        continue
                    data = line[5:].strip()
                    if data == b"[DONE]":
                        return
                    piece = _decode(data, _Answer)
                    choice = piece.choices[0] if piece.choices else _Choice()
                    yield Completion(choice.delta.content or "", choice.finish_reason, piece.usage)
                raise LlmUnavailableError("The language model stopped in the middle of its answer.")

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            with self.breaker.guard():
                yield
        except BreakerOpenError as error:
            raise LlmUnavailableError(
                "The language model is paused after repeated failures.", error.retry_after
            ) from None

    @asynccontextmanager
    async def _open(self, path: str, body: bytes) -> AsyncIterator[httpx.Response]:
        request = self._client.build_request(
            "POST", path, content=body, headers={"Content-Type": "application/json"}
        )
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.send(request, stream=True)
        except TimeoutError:
            raise LlmUnavailableError("The language model did not answer in time.") from None
        except httpx.HTTPError:
            raise LlmUnavailableError("The language model can't be reached.") from None
        try:
            if answer.status_code in _REFUSALS:
                raise LlmRefusedError(answer.status_code)
            if answer.status_code != 200:
                raise LlmUnavailableError("The language model answered with an error.")
            yield answer
        finally:
            await answer.aclose()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._seconds


def _body(prompt: Prompt, *, stream: bool) -> bytes:
    fields: dict[str, Any] = msgspec.to_builtins(prompt)
    fields["stream"] = stream
    if stream:
        fields["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(fields)


def _decode(document: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise LlmUnavailableError("The language model gave an unreadable answer.") from None


async def _bounded(answer: httpx.Response, deadline: float) -> AsyncIterator[bytes]:
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


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r")
    if rest:
        yield rest
