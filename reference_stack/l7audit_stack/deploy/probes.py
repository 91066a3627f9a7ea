"""Asking once whether something serves, with nothing that would be slow to import."""

from __future__ import annotations

import asyncio
import ssl

from l7audit_stack.deploy.ports import LOOPBACK

_PATIENCE = 1.0  # seconds for one question


async def http_status(port: int, path: str, tls: ssl.SSLContext | None = None) -> int:
    """The status of a GET over a new connection. Raises OSError or TimeoutError without one."""
    async with asyncio.timeout(_PATIENCE):
        reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=tls)
        try:
            head = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            words = (await reader.readline()).split()
        finally:
            writer.close()
    if len(words) < 2 or not words[1].isdigit():
        raise ConnectionError("the answer is not HTTP")
    return int(words[1])


async def redis_calls(port: int, password: str, *calls: tuple[str, ...]) -> list[str]:
    """First lines of the answers to some commands. Raises OSError, TimeoutError or ValueError."""
    sent = (("AUTH", password), *calls)
    async with asyncio.timeout(_PATIENCE):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            for call in sent:
                writer.write(_encode(call))
            answers = [(await reader.readline()).decode().strip() for _ in sent]
        finally:
            writer.close()
    for call, answer in zip(sent, answers, strict=True):
        if not answer:
            raise ConnectionError("the store closed the connection")
        if answer.startswith("-"):
            raise ValueError(f"{call[0]}: {answer[1:]}")
    return answers[1:]


def _encode(call: tuple[str, ...]) -> bytes:
    words = [word.encode() for word in call]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)
