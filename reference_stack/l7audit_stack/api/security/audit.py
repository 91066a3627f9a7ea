"""The audit log: rows chained by an HMAC, linear across replicas, so that edits show.

Each row's code covers its content, its number and the code before it; `audit_head` holds the last
one, and its row lock makes writers take turns. An anchor outside the database remembers it, too, so
that the end can't be cut off unseen.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from l7audit_stack.api.security.anchor import Anchor, AnchorBrokenError, End
from l7audit_stack.data.database import Database, DatabaseAwayError
from l7audit_stack.data.store import StoreAwayError

_COLUMNS = (
    "seq, at, tenant_id::text AS tenant_id, actor, action, object, outcome, client, request_id"
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A security event. `at` is epoch seconds; no field may hold a secret."""

    at: float
    tenant: str | None
    actor: str
    action: str
    object: str
    outcome: str
    client: str
    request_id: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found: `broken_at` is the first bad row's number, or None."""

    intact: bool
    rows: int
    broken_at: int | None
    reason: str


@dataclass(frozen=True)
class AuditChain:
    """The arithmetic of the chain, without the database."""

    key: bytes = field(repr=False)

    def mac(self, previous: bytes, row: Sequence[Any]) -> bytes:
        return hmac.digest(self.key, previous + msgspec.json.encode(list(row)), "sha256")

    def verify(
        self,
        rows: Sequence[Any],
        macs: Sequence[bytes],
        head: End,
        anchored: End | None = None,
    ) -> Verification:
        """Recompute the chain over rows in order; each row begins with its number.

        It must reach what was `anchored`, and have had that code there.
        """
        previous = b""
        for expected, (row, mac) in enumerate(zip(rows, macs, strict=True), start=1):
            if row[0] != expected:
                return self._broken(len(rows), expected, "a row is missing or out of order")
            if not hmac.compare_digest(self.mac(previous, row), mac):
                return self._broken(len(rows), expected, "a row was changed")
            previous = mac
        if head != (len(rows), previous):
            return self._broken(len(rows), len(rows) + 1, "rows at the end are missing")
        if anchored is not None and anchored[0] > len(rows):
            return self._broken(len(rows), len(rows) + 1, "rows at the end were taken away")
        if anchored is not None and macs[anchored[0] - 1] != anchored[1]:
            return self._broken(len(rows), anchored[0], "rows at the end were replaced")
        return Verification(intact=True, rows=len(rows), broken_at=None, reason="")

    def _broken(self, rows: int, at: int, reason: str) -> Verification:
        return Verification(intact=False, rows=rows, broken_at=at, reason=reason)


def _row(seq: int, event: Event) -> list[Any]:
    at = datetime.fromtimestamp(event.at, UTC)
    rest = (event.tenant, event.actor, event.action, event.object, event.outcome)
    return [seq, at.isoformat(), *rest, event.client, event.request_id]


class AuditLog:
    """Writes events in batches from one task.

    `record` waits for the commit and says when it can't be had, `keep` waits and goes on without,
    `note` does not wait: it is for what floods.
    """

    patience = 1.0
    """Seconds for which `keep` waits."""

    def __init__(
        self,
        database: Database,
        chain: AuditChain,
        clock: Callable[[], float],
        anchor: Anchor | None = None,
    ) -> None:
        self.chain = chain
        self.anchor = anchor
        self.dropped = 0
        self._clock = clock
        self._database = database
        self._queue: asyncio.Queue[tuple[Event, asyncio.Future[None] | None]] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._busy = False

    async def open(self) -> None:
        self._queue = asyncio.Queue(maxsize=5000)
        self._writer = asyncio.create_task(self._write_all(self._queue))

    async def close(self) -> None:
        """Write what is queued (for at most two seconds) and stop."""
        if self._queue is None or self._writer is None:
            return
        deadline = asyncio.get_running_loop().time() + 2
        while (self._queue.qsize() or self._busy) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        self._queue = None

    def event(
        self,
        action: str,
        *,
        actor: str,
        tenant: str | None,
        object: str = "",
        outcome: str = "ok",
        client: str = "",
        request_id: str = "",
    ) -> Event:
        return Event(
            at=self._clock(),
            tenant=tenant,
            actor=actor,
            action=action,
            object=object[:200],
            outcome=outcome,
            client=client,
            request_id=request_id,
        )

    def note(self, event: Event) -> None:
        """Queue an event; when the queue is full it is dropped and counted."""
        if self._queue is None or self._queue.full():
            self.dropped += 1
            return
        self._queue.put_nowait((event, None))

    async def record(self, event: Event) -> None:
        """Queue an event and wait until it is committed; raises DatabaseAwayError."""
        if self._queue is None:
            raise DatabaseAwayError("the audit log is not open")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._queue.put((event, done))
        await done

    async def keep(self, event: Event) -> None:
        """As `record`; while the database is away the event stays in the queue instead."""
        try:
            async with asyncio.timeout(self.patience):
                await self.record(event)
        except DatabaseAwayError:
            self.note(event)
        except TimeoutError:
            return  # whoever no longer waits has still asked

    async def _write_all(
        self, queue: asyncio.Queue[tuple[Event, asyncio.Future[None] | None]]
    ) -> None:
        while True:
            batch = [await queue.get()]
            self._busy = True
            while len(batch) < 200 and not queue.empty():
                batch.append(queue.get_nowait())
            try:
                await self.append([event for event, _ in batch])
            except DatabaseAwayError as error:
                await self._settle(batch, queue, error)
            else:
                for _, done in batch:
                    if done is not None and not done.done():
                        done.set_result(None)
            self._busy = False

    async def _settle(
        self,
        batch: list[tuple[Event, asyncio.Future[None] | None]],
        queue: asyncio.Queue[tuple[Event, asyncio.Future[None] | None]],
        error: DatabaseAwayError,
    ) -> None:
        """The database is away: whoever waits is told, the others go back to the queue."""
        for event, done in batch:
            if done is not None and not done.done():
                done.set_exception(error)
            elif queue.full():
                self.dropped += 1
            else:
                queue.put_nowait((event, None))
        await asyncio.sleep(0.5)

    async def append(self, events: Sequence[Event]) -> None:
        """Append events to the chain in one transaction."""
        async with self._database.transaction() as connection:
            head = await connection.fetchrow("SELECT seq, mac FROM audit_head FOR UPDATE")
            seq, mac = head["seq"], bytes(head["mac"])
            goes_on = await self._goes_on(connection, (seq, mac))
            rows = []
            for event in events:
                seq += 1
                mac = self.chain.mac(mac, _row(seq, event))
                at = datetime.fromtimestamp(event.at, UTC)
                rows.append(
                    (
                        seq,
                        at,
                        event.tenant,
                        event.actor,
                        event.action,
                        event.object,
                        event.outcome,
                        event.client,
                        event.request_id,
                        mac,
                    )
                )
            await connection.executemany(
                "INSERT INTO audit_events (seq, at, tenant_id, actor, action, object, outcome,"
                " client, request_id, mac) VALUES ($1, $2, $3::uuid, $4, $5, $6, $7, $8, $9, $10)",
                rows,
            )
            await connection.execute("UPDATE audit_head SET seq = $1, mac = $2", seq, mac)
        if goes_on and self.anchor is not None:
            await self.anchor.move((seq, mac))

    async def _goes_on(self, connection: Any, head: End) -> bool:
        """Whether the chain that ends so holds what was anchored: else the anchor must stay where
        it is, as the witness of what was cut off."""
        if self.anchor is None:
            return False
        try:
            anchored = await self.anchor.read()
        except (StoreAwayError, AnchorBrokenError):
            return False
        if anchored is None or anchored == head:
            return True
        mac = await connection.fetchval("SELECT mac FROM audit_events WHERE seq = $1", anchored[0])
        return anchored[0] <= head[0] and mac == anchored[1]

    async def anchor_again(self) -> None:
        """Gives a store that came back empty the end of the chain."""
        if self.anchor is None or await self.anchor.read() is not None:
            return
        head = await self._database.fetchrow("SELECT seq, mac FROM audit_head")
        if head["seq"]:
            await self.anchor.move((head["seq"], bytes(head["mac"])))

    async def verify(self) -> Verification:
        """Read the whole chain in one snapshot and recompute it, up to the anchor at least."""
        anchored = None
        if self.anchor is not None:
            try:
                anchored = await self.anchor.read()  # first: meanwhile it only moves forward
            except AnchorBrokenError:
                return Verification(intact=False, rows=0, broken_at=None, reason="a forged anchor")
        async with self._database.transaction() as connection:
            return await self.read_and_verify(connection, anchored)

    async def read_and_verify(self, connection: Any, anchored: End | None = None) -> Verification:
        """As `verify`, on a connection with a transaction; writers wait meanwhile."""
        head = await connection.fetchrow("SELECT seq, mac FROM audit_head FOR UPDATE")
        rows = await connection.fetch(f"SELECT {_COLUMNS}, mac FROM audit_events ORDER BY seq")
        contents = [
            [row["seq"], row["at"].astimezone(UTC).isoformat(), *list(row)[2:-1]] for row in rows
        ]
        macs = [bytes(row["mac"]) for row in rows]
        return self.chain.verify(contents, macs, (head["seq"], bytes(head["mac"])), anchored)
