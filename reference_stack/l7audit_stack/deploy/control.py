"""Commanding a supervisor from any process of the same user.

A unix socket in the run's private folder. One JSON object a line:
  {"do": "restart", "with": {"name": "api-1"}}
answered, in order, by one of
  {"ok": true, "value": ...}
  {"ok": false, "error": "a sentence"}
"""

from __future__ import annotations

import asyncio
import socket
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from l7audit_stack.deploy.errors import StackError, from_os_error

_LONGEST_LINE = 4 * 1024 * 1024


class Request(msgspec.Struct, frozen=True, rename={"arguments": "with"}):
    """A command and its named arguments."""

    do: str
    arguments: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of it."""

    ok: bool
    value: Any = None
    error: str = ""


Handler = Callable[[Request], Awaitable[Any]]


async def listen(path: Path, handler: Handler) -> asyncio.Server:
    """Take commands at `path`. Connections are independent; each gets its answers in order."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await _answer(line, handler)
                writer.write(msgspec.json.encode(answer, enc_hook=str) + b"\n")  # paths as text
                await writer.drain()
        except ConnectionError:
            return  # the caller has lost interest
        finally:
            writer.close()

    return await asyncio.start_unix_server(converse, path, limit=_LONGEST_LINE)


async def _answer(line: bytes, handler: Handler) -> Answer:
    try:
        request = msgspec.json.decode(line, type=Request)
        return Answer(ok=True, value=await handler(request))
    except msgspec.DecodeError as error:
        return Answer(ok=False, error=f"That is not a command: {error}.")
    except StackError as error:
        return Answer(ok=False, error=str(error))
    except OSError as error:
        return Answer(ok=False, error=str(from_os_error(error)))
    except Exception as error:  # noqa: BLE001 - the caller must hear of it, and the stack live on
        traceback.print_exc()
        return Answer(ok=False, error=f"The supervisor failed at this, see its log: {error!r}.")


def ask(path: Path, do: str, *, timeout: float = 90.0, **arguments: Any) -> Any:
    """Send one command and wait for its answer (`timeout` in seconds). Raises StackError."""
    request = msgspec.json.encode(Request(do, arguments)) + b"\n"
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout)
            link.connect(str(path))
            link.sendall(request)
            with link.makefile("rb") as stream:
                line = stream.readline()
    except TimeoutError:
        raise StackError(f"The stack did not answer '{do}' within {timeout:g} s.") from None
    except (FileNotFoundError, ConnectionError):
        raise StackError("The stack is not running (any more).") from None
    if not line:
        raise StackError(f"The stack stopped while it was asked to '{do}'.")
    answer = msgspec.json.decode(line, type=Answer)
    if not answer.ok:
        raise StackError(answer.error)
    return answer.value
