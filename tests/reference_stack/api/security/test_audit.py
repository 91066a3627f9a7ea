"""The audit chain: what it notices, and that it stays one line across replicas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from l7audit_stack.api.security.audit import AuditChain, AuditLog, Event, Verification
from l7audit_stack.data.database import Database, DatabaseAwayError

CHAIN = AuditChain(key=b"k" * 32)
ROWS = [[number, "2026-01-01T00:00:00+00:00", None, "actor", "did", "x"] for number in range(1, 6)]


def _macs(rows: list[list[Any]]) -> list[bytes]:
    macs, previous = [], b""
    for row in rows:
        previous = CHAIN.mac(previous, row)
        macs.append(previous)
    return macs


MACS = _macs(ROWS)
HEAD = (5, MACS[-1])


def test_an_untouched_chain_is_intact() -> None:
    assert CHAIN.verify(ROWS, MACS, HEAD).intact
    assert CHAIN.verify([], [], (0, b"")).intact


@pytest.mark.parametrize("place", range(5))
def test_an_edited_row_is_found(place: int) -> None:
    rows = [list(row) for row in ROWS]
    rows[place][3] = "somebody else"
    found = CHAIN.verify(rows, MACS, HEAD)
    assert (found.intact, found.broken_at) == (False, place + 1)


@pytest.mark.parametrize("place", range(5))
def test_a_deleted_row_is_found(place: int) -> None:
    rows, macs = ROWS[:place] + ROWS[place + 1 :], MACS[:place] + MACS[place + 1 :]
    found = CHAIN.verify(rows, macs, HEAD)
    assert (found.intact, found.broken_at) == (False, place + 1)


def test_reordered_rows_are_found() -> None:
    rows = [ROWS[0], ROWS[2], ROWS[1], *ROWS[3:]]
    macs = [MACS[0], MACS[2], MACS[1], *MACS[3:]]
    assert CHAIN.verify(rows, macs, HEAD).broken_at == 2


def test_rows_numbered_anew_are_found() -> None:
    rows = [[index, *row[1:]] for index, row in enumerate(ROWS[1:], start=1)]
    assert CHAIN.verify(rows, MACS[1:], (4, MACS[-1])).broken_at == 1


def test_a_chain_written_with_another_key_is_found() -> None:
    assert AuditChain(key=b"x" * 32).verify(ROWS, MACS, HEAD).broken_at == 1


@asynccontextmanager
async def _log(url: str) -> AsyncIterator[AuditLog]:
    database = Database(url)
    await database.open()
    log = AuditLog(database, CHAIN, lambda: 1_800_000_000.123456)
    await log.open()
    yield log
    await log.close()
    await database.close()


def _event(log: AuditLog, number: int) -> Event:
    return log.event("did", actor="me", tenant=None, object=f"thing:{number}")


def _story(url: str, tell: Callable[[AuditLog, Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with _log(url) as log:
            return await tell(log, log._database)

    return asyncio.run(run())


def test_replicas_that_write_at_once_make_one_line(database_url: str) -> None:
    async def story() -> Verification:
        async with _log(database_url) as one, _log(database_url) as two:
            await asyncio.gather(
                *(log.record(_event(log, number)) for log in (one, two) for number in range(50))
            )
            return await one.verify()

    found = asyncio.run(story())
    assert found.intact
    assert found.rows >= 100


def test_noted_events_are_written_before_the_log_closes(database_url: str) -> None:
    async def story() -> tuple[int, int]:
        async with _log(database_url) as log:
            before = (await log.verify()).rows
            for number in range(20):
                log.note(_event(log, number))
        async with _log(database_url) as log:
            return before, (await log.verify()).rows

    before, after = asyncio.run(story())
    assert after == before + 20


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit_events SET outcome = 'fine' WHERE seq = 2",
        "UPDATE audit_events SET at = at + interval '1 microsecond' WHERE seq = 2",
        "DELETE FROM audit_events WHERE seq = 2",
        "DELETE FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)",
        "UPDATE audit_head SET seq = seq - 1",
    ],
)
def test_tampering_in_the_database_is_found(database_url: str, tamper: str) -> None:
    class UndoneError(Exception):
        """Ends the transaction, so that the next case finds the chain whole."""

    async def tell(log: AuditLog, database: Database) -> Verification:
        for number in range(3):
            await log.record(_event(log, number))
        assert (await log.verify()).intact
        found = None
        try:
            async with database.transaction() as connection:
                await connection.execute(tamper)
                found = await log.read_and_verify(connection)
                raise UndoneError
        except UndoneError:
            assert found is not None
            return found

    assert not _story(database_url, tell).intact


def test_whoever_waits_for_a_record_hears_that_the_database_is_away() -> None:
    async def tell(log: AuditLog, _: Database) -> None:
        await log.record(_event(log, 1))

    with pytest.raises(DatabaseAwayError):
        _story("postgresql://x:y@127.0.0.1:9/z", tell)


def test_a_full_queue_drops_and_counts() -> None:
    log = AuditLog(Database(""), CHAIN, lambda: 0.0)
    log.note(_event(log, 1))
    assert log.dropped == 1
