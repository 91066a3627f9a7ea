"""The connection pool to PostgreSQL: bounded waits, and one error when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg


class DatabaseAwayError(Exception):
    """PostgreSQL can't be reached or does not answer in time."""


_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
)


async def _as_it_is(_: asyncpg.Connection) -> None:
    """What is done to a connection that goes back to the pool, beside ending its transaction.

    No statement here leaves anything in a session (locks, cursors, settings), so asyncpg's query
    that undoes all that would only be a second round trip for each use.
    """


class Database:
    """Holds the pool of one replica. `open` does not need the server to be there yet."""

    def __init__(self, url: str, *, size: int = 8, timeout: float = 3.0) -> None:
        self._url = url
        self._size = size
        self._timeout = timeout
        self._pool: Any = None

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            command_timeout=self._timeout,
            timeout=self._timeout,
            reset=_as_it_is,
        )

    async def close(self) -> None:
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()
        self._pool = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """One connection; statements on it commit at once unless inside `transaction`."""
        if self._pool is None:
            raise DatabaseAwayError("the pool is not open")
        try:
            async with self._pool.acquire(timeout=self._timeout) as connection:
                yield connection
        except _AWAY as error:
            raise DatabaseAwayError(type(error).__name__) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, sql: str, *values: Any) -> Sequence[Any]:
        async with self.connection() as connection:
            rows: Sequence[Any] = await connection.fetch(sql, *values)
            return rows

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        """The first row, or None."""
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> str:
        """Run a statement and return PostgreSQL's command tag, for example `UPDATE 1`."""
        async with self.connection() as connection:
            tag: str = await connection.execute(sql, *values)
            return tag
