"""What remembers the end of the audit chain outside the database that holds it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from l7audit_stack.api.security.anchor import Anchor, AnchorBrokenError
from l7audit_stack.api.security.audit import AuditChain, AuditLog, Verification
from l7audit_stack.data.database import Database
from l7audit_stack.data.store import Store

Story = Callable[[AuditLog, Database], Awaitable[Any]]


@pytest.fixture
def told(database_server: Any, store_server: Any) -> Any:
    """Runs a story with a log that has an anchor, on data of its own."""
    key, name = secrets.token_bytes(32), f"test_{secrets.token_hex(6)}"
    database_server.execute(f"CREATE DATABASE {name} TEMPLATE template")

    async def run(story: Story) -> Any:
        database, store = Database(database_server.url(name)), Store(store_server.url)
        await database.open()
        await store.open()
        log = AuditLog(database, AuditChain(key=key), lambda: 1.8e9, Anchor(store, key))
        await log.open()
        try:
            return await story(log, database)
        finally:
            await log.close()
            await store.close()
            await database.close()

    yield lambda story: asyncio.run(run(story))
    database_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _write(log: AuditLog, count: int) -> None:
    for number in range(count):
        await log.record(log.event("did", actor="me", tenant=None, object=f"thing:{number}"))


async def _cut(database: Database, to: int) -> None:
    """What somebody with the database would do: take the last rows, and their head with them."""
    await database.execute("DELETE FROM audit_events WHERE seq > $1", to)
    await database.execute(
        "UPDATE audit_head SET seq = $1, mac = (SELECT mac FROM audit_events WHERE seq = $1)", to
    )


def test_a_chain_cut_off_together_with_its_head_is_noticed(told: Any) -> None:
    async def story(log: AuditLog, database: Database) -> Verification:
        await _write(log, 5)
        assert (await log.verify()).intact
        await _cut(database, 3)
        return await log.verify()

    found = told(story)
    assert (found.intact, found.broken_at) == (False, 4)


def test_it_stays_noticed_when_the_chain_has_grown_beyond_the_anchor_again(told: Any) -> None:
    async def story(log: AuditLog, database: Database) -> Verification:
        await _write(log, 5)
        await _cut(database, 3)
        await _write(log, 4)
        return await log.verify()

    found = told(story)
    assert (found.intact, found.broken_at) == (False, 5)


def test_a_store_that_came_back_empty_is_given_the_end_again(told: Any) -> None:
    async def story(log: AuditLog, _: Database) -> tuple[Any, Any, Verification]:
        await _write(log, 2)
        assert log.anchor is not None
        before = await log.anchor.read()
        await log.anchor.store.command("DEL", log.anchor.name)
        await log.anchor_again()
        return before, await log.anchor.read(), await log.verify()

    before, after, found = told(story)
    assert before == after
    assert found.intact


def test_a_forged_anchor_is_noticed(told: Any) -> None:
    async def story(log: AuditLog, _: Database) -> Verification:
        await _write(log, 2)
        assert log.anchor is not None
        await log.anchor.store.command("SET", log.anchor.name, "1:00:00")
        with pytest.raises(AnchorBrokenError):
            await log.anchor.read()
        return await log.verify()

    assert not told(story).intact


def test_an_anchor_never_moves_back(told: Any) -> None:
    async def story(log: AuditLog, _: Database) -> Any:
        assert log.anchor is not None
        await log.anchor.move((7, b"seven"))
        await log.anchor.move((6, b"six"))
        return await log.anchor.read()

    assert told(story) == (7, b"seven")


def test_an_event_that_is_kept_stays_in_the_queue_while_the_database_is_away() -> None:
    async def story() -> int:
        log = AuditLog(Database("postgresql://x:y@127.0.0.1:9/z"), AuditChain(key=b"k"), lambda: 0)
        log.patience = 0.2
        await log.open()
        await log.keep(log.event("did", actor="me", tenant=None))
        assert log._queue is not None
        waiting = log._queue.qsize() + log._busy
        assert log._writer is not None
        log._writer.cancel()
        await asyncio.gather(log._writer, return_exceptions=True)
        return waiting

    assert asyncio.run(story()) >= 1
