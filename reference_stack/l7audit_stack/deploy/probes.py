"""Asking once whether something serves, with nothing that would be slow to import."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from l7audit_stack.deploy.ports import LOOPBACK

_PATIENCE = 1.0  # seconds for one question


# Readiness is about serving; whether the certificate is any good is for the audit to say.
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE


async def http_status(port: int, path: str, *, tls: bool = False) -> int:
    """The status of a GET over a new connection. Raises OSError or TimeoutError without one."""
    async with asyncio.timeout(_PATIENCE):
        reader, writer = await asyncio.open_connection(
            LOOPBACK, port, ssl=UNVERIFIED if tls else None
        )
        try:
            return (await _ask(reader, writer, path))[0]
        finally:
            _hang_up(writer)


async def http_body(unix_socket: Path, path: str) -> bytes:
    """The body of a GET over a unix socket. Raises OSError or TimeoutError without one."""
    async with asyncio.timeout(_PATIENCE):
        reader, writer = await asyncio.open_unix_connection(unix_socket)
        try:
            _, head = await _ask(reader, writer, path)
            if b"transfer-encoding: chunked" not in head.lower():
                return await reader.read()
            chunks = []
            while size := int(await reader.readline(), 16):
                chunks.append(await reader.readexactly(size))
                await reader.readline()
            return b"".join(chunks)
        finally:
            _hang_up(writer)


def _hang_up(writer: asyncio.StreamWriter) -> None:
    # Over TLS, `close` waits for the other end's goodbye, and the loop may end before that comes:
    # the socket would stay open until it is collected. What was asked for is here by now.
    writer.transport.abort()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
) -> tuple[int, bytes]:
    """Send a GET; the status and head of its answer. The body is left in the reader."""
    # HTTP/1.0 would spare us chunked bodies, but the edge rightly refuses it.
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionError("the answer is not HTTP") from error
    words = head.split(maxsplit=2)
    if len(words) < 2 or not words[1].isdigit():
        raise ConnectionError("the answer is not HTTP")
    return int(words[1]), head


async def redis_calls(port: int, password: str, *calls: tuple[str, ...]) -> list[str]:
    """First lines of the answers to some commands. Raises OSError, TimeoutError or ValueError."""
    sent = (("AUTH", password), *calls)
    async with asyncio.timeout(_PATIENCE):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            for call in sent:
                writer.write(_encode(call))
            answers = [(await reader.readline()).decode().strip() for _ in sent]
        except ConnectionResetError:  # it had not read all that was sent
            answers = [""] * len(sent)
        finally:
            _hang_up(writer)
    for call, answer in zip(sent, answers, strict=True):
        if not answer:
            raise ConnectionError("the store closed the connection")
        if answer.startswith("-"):
            raise ValueError(f"{call[0]}: {answer[1:]}")
    return answers[1:]


def _encode(call: tuple[str, ...]) -> bytes:
    words = [word.encode() for word in call]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)
