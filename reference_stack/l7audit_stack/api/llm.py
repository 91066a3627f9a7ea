"""The client of the language model server: the OpenAI protocol as llama.cpp speaks it.

Every call is bounded in time and in bytes, and goes through a circuit breaker, so that a server
that hangs costs its callers one short wait and then none.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Self

import httpx
import msgspec

from l7audit_stack.api.breaker import Breaker, BreakerOpenError
from l7audit_stack.api.llm_protocol import (
    AnswerDocument,
    ChoiceDocument,
    Completion,
    LlmRefusedError,
    LlmUnavailableError,
    Prompt,
    VectorsDocument,
    bounded,
    cut,
    decode,
    encode,
    lines,
)

_REFUSALS = frozenset({400, 404, 405, 413, 422, 501})
_NOT_OFFERED = frozenset({404, 405, 501})
_VECTOR_SECONDS = 2.0


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
        # Embedding has a fallback: its failures must not close the way for chat, nor cost much.
        self._aside = Breaker(LlmUnavailableError, threshold=2)
        self._offers_vectors = True
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=httpx.Timeout(seconds, connect=connect_seconds),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            follow_redirects=False,
            trust_env=False,
            # Reading the machine's certificates takes a replica longer than all else at its start.
            verify=url.startswith("https:"),
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
        body = encode(prompt, stream=False)
        document = await self._post("/v1/chat/completions", body, self.breaker, self._seconds)
        answer = decode(document, AnswerDocument)
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
        """Model name and vector; None where the server offers none or doesn't answer at once.

        A text longer than the server takes at a time is embedded piece by piece, and its vector
        is their mean.
        """
        if not self._offers_vectors:
            return None
        body = msgspec.json.encode({"input": cut(text), "encoding_format": "float"})
        try:
            document = await self._post("/v1/embeddings", body, self._aside, _VECTOR_SECONDS)
            answer = decode(document, VectorsDocument)
        except LlmRefusedError as error:
            if error.status in _NOT_OFFERED:
                self._offers_vectors = False
            return None
        except LlmUnavailableError:
            return None
        vectors = [item.embedding for item in answer.data]
        if not vectors or any(len(vector) != len(vectors[0]) for vector in vectors):
            return None
        mean = [math.fsum(column) / len(vectors) for column in zip(*vectors, strict=True)]
        return f"server:{answer.model}", mean

    async def _post(self, path: str, body: bytes, breaker: Breaker, seconds: float) -> bytes:
        deadline = asyncio.get_running_loop().time() + seconds
        with _guard(breaker):
            async with self._open(path, body, seconds) as answer:
                parts = [part async for part in bounded(answer, deadline)]
        return b"".join(parts)

    async def _pieces(self, prompt: Prompt) -> AsyncGenerator[Completion, None]:
        deadline = asyncio.get_running_loop().time() + self._seconds
        body = encode(prompt, stream=True)
        with _guard(self.breaker):
            async with self._open("/v1/chat/completions", body, self._seconds) as answer:
                async for line in lines(bounded(answer, deadline)):
                    if not line.startswith(b"data:"):
                        continue
                    data = line[5:].strip()
                    if data == b"[DONE]":
                        return
                    piece = decode(data, AnswerDocument)
                    choice = piece.choices[0] if piece.choices else ChoiceDocument()
                    yield Completion(choice.delta.content or "", choice.finish_reason, piece.usage)
                raise LlmUnavailableError("The language model stopped in the middle of its answer.")

    @asynccontextmanager
    async def _open(self, path: str, body: bytes, seconds: float) -> AsyncIterator[httpx.Response]:
        request = self._client.build_request(
            "POST", path, content=body, headers={"Content-Type": "application/json"}
        )
        try:
            async with asyncio.timeout(seconds):
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


@contextmanager
def _guard(breaker: Breaker) -> Iterator[None]:
    try:
        with breaker.guard():
            yield
    except BreakerOpenError as error:
        raise LlmUnavailableError(
            "The language model is paused after repeated failures.", error.retry_after
        ) from None
