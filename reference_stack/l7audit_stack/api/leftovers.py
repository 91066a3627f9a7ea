"""Reading to its end what a refused request still sends.

An answer that goes out while the client is sending is lost: the server closes a connection with
unread bytes by a reset, and the proxy in front reports a broken replica instead of the refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MOST_BYTES = 16 * 1024 * 1024
"""As much as the edge lets through; who sends more directly loses the answer."""

MOST_SECONDS = 5.0


def sends_body(headers: Mapping[str, str]) -> bool:
    """Whether a request comes with a body."""
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


class Tap:
    """A `receive` that notes whether the body came to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._done = False

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._done = True
        return message

    async def drain(self) -> None:
        """Reads and forgets the rest, within bounds."""
        read = 0
        try:
            async with asyncio.timeout(MOST_SECONDS):
                while not self._done and read < MOST_BYTES:
                    read += len((await self()).get("body", b""))
        except TimeoutError:
            return  # a sender this slow is not owed an answer that arrives
