"""Counts the requests that a tool sends: a proxy that passes bytes through as they are.

It reads along and changes nothing, so that hostile framing reaches the service as it was sent. What
can't be told apart any more (a broken length, a switched protocol) is counted as one request up to
the end of its connection. Of HTTP/2 only the connection is counted.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d+)[ \t]*\r?(?:\n|$)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding[ \t]*:[^\n]*chunked", re.IGNORECASE)
_SWITCHES = re.compile(rb"^CONNECT |^PRI \*|\nupgrade[ \t]*:", re.IGNORECASE)
_PIECE = 65536


class Heads:
    """The request heads in what one connection's client sent; a head counts from its first byte."""

    def __init__(self) -> None:
        self.count = 0
        self._rest = b""
        self._read = self._head

    def feed(self, data: bytes) -> None:
        """Reads on; `data` may end anywhere."""
        self._rest += data
        while self._rest and self._read():
            pass

    def _head(self) -> bool:
        self._rest = self._rest.lstrip(b"\r\n")
        if not self._rest:
            return False
        self.count += 1
        self._read = self._rest_of_head
        return True

    def _rest_of_head(self) -> bool:
        end = _END_OF_HEAD.search(self._rest)
        if end is None:
            return False
        head, self._rest = self._rest[: end.start()], self._rest[end.end() :]
        if _SWITCHES.search(head):
            self._read = self._blind
        elif _CHUNKED.search(head):
            self._read = self._chunk
        else:
            length = _LENGTH.search(head)
            self._left = int(length[1]) if length else 0
            self._read = self._body
        return True

    def _body(self) -> bool:
        taken = min(self._left, len(self._rest))
        self._left, self._rest = self._left - taken, self._rest[taken:]
        if self._left == 0:
            self._read = self._head
        return self._left == 0

    def _chunk(self) -> bool:
        line, found, rest = self._rest.partition(b"\n")
        if not found:
            return False
        try:
            size = int(line.partition(b";")[0].strip(), 16)
        except ValueError:
            self._read = self._blind
            return True
        if size == 0:
            self._read = self._trailer
        elif len(rest) < size + 2:
            return False
        else:
            rest = rest[size:].removeprefix(b"\r").removeprefix(b"\n")
        self._rest = rest
        return True

    def _trailer(self) -> bool:
        line, found, self._rest = self._rest.partition(b"\n")
        if not found:
            self._rest = line
        elif not line.strip():
            self._read = self._head
        return bool(found)

    def _blind(self) -> bool:
        self._rest = b""
        return False


class Counted:
    """A proxy's address, and the number of requests that went through so far."""

    def __init__(self, upstream: str) -> None:
        self._host, self._port = urlsplit(upstream).hostname, urlsplit(upstream).port
        self._seen: list[Heads] = []
        self._open: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self.url = ""

    @property
    def requests(self) -> int:
        return sum(heads.count for heads in self._seen)

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes one connection on in both directions until both sides have ended."""
        heads = Heads()
        self._seen.append(heads)
        # The loop holds tasks weakly, and one whose client is gone would be collected.
        task = asyncio.current_task()
        assert task is not None
        sides = self._open[task] = [writer]
        try:
            onward_reader, onward_writer = await asyncio.open_connection(self._host, self._port)
            sides.append(onward_writer)
            await asyncio.gather(
                _pass(reader, onward_writer, heads), _pass(onward_reader, writer, None)
            )
        except ConnectionError:
            # The service is gone: its client sees its own connection end.
            writer.transport.abort()
        finally:
            del self._open[task]
            for side in sides:
                side.close()

    async def end(self, server: asyncio.Server) -> None:
        """Takes no more connections, and ends those that are open."""
        server.close()
        while self._open:
            for sides in self._open.values():
                for side in sides:
                    side.transport.abort()
            await asyncio.wait(set(self._open), timeout=0.1)
        # One more turn, in which closed connections are let go.
        await asyncio.sleep(0)


async def _pass(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, heads: Heads | None
) -> None:
    try:
        while data := await source.read(_PIECE):
            if heads is not None:
                heads.feed(data)
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
    except OSError:
        # Whoever went away without a word is gone for the other side, too.
        sink.transport.abort()


@contextmanager
def counted(upstream: str) -> Iterator[Counted]:
    """A counting proxy on loopback, in a thread of its own, in front of the service `upstream`."""
    loop = asyncio.new_event_loop()
    counter = Counted(upstream)
    server = loop.run_until_complete(asyncio.start_server(counter.connection, "127.0.0.1", 0))
    counter.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield counter
    finally:
        asyncio.run_coroutine_threadsafe(counter.end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
