"""The archiving of WAL by a real stack: from the first backup on, up to a moment ago."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from l7audit_stack.backups.interface import Listed
from l7audit_stack.backups.segments import position
from l7audit_stack.deploy.stack import Stack

WITHIN = 5.0  # seconds: enough on a machine that does much else; BACKUP-05 holds it to one
_ZEROS = 64  # in which a record may end: how far the archive goes is told by what is no zero


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack.start(tmp_path_factory.mktemp("run"), replicas=1) as started:
        yield started


def _written(stack: Stack, *statements: str) -> int:
    """Where the WAL ends once these are done."""

    async def run() -> int:
        connection = await asyncpg.connect(stack.address().database_url)
        try:
            for statement in statements:
                await connection.execute(statement)
            return position(await connection.fetchval("SELECT pg_current_wal_insert_lsn()::text"))
        finally:
            await connection.close()

    return asyncio.run(run())


def _archived(stack: Stack, end: int) -> Listed:
    deadline = time.monotonic() + WITHIN
    while True:
        newest = stack.backups()[0]
        if newest.archived_to and position(newest.archived_to) > end - _ZEROS:
            return newest
        assert time.monotonic() < deadline, f"archived to {newest.archived_to} only"
        time.sleep(0.05)


def test_nothing_is_archived_before_the_first_backup(stack: Stack) -> None:
    assert not (stack.run_dir / "logs" / "wal.log").exists()


def test_what_is_written_after_a_backup_is_soon_in_the_archive(stack: Stack) -> None:
    taken = stack.back_up()
    end = _written(stack, "CREATE TABLE counted (n int)", "INSERT INTO counted VALUES (1)")
    archived = _archived(stack, end)
    assert archived.trouble == ""
    assert stack.verify_backup(taken.id).trouble == ""
    assert all(b"counted" not in path.read_bytes() for path in Path(archived.wal).iterdir())


def test_it_goes_on_when_the_server_was_started_anew(stack: Stack) -> None:
    taken = stack.back_up()
    stack.restart("postgres")
    _archived(stack, _written(stack, "CREATE TABLE later (n int)"))
    assert stack.verify_backup(taken.id).trouble == ""


def test_a_gap_and_a_flipped_bit_are_told_by_verifying(stack: Stack) -> None:
    taken = stack.back_up()
    _archived(stack, _written(stack, "CREATE TABLE much (n int)"))
    stack.back_up()  # ends the segment
    first = next(
        path
        for path in sorted(Path(taken.wal).glob("*.wal"))
        if taken.manifest is not None
        and int(path.stem[8:], 16) << 20 >= position(taken.manifest.end_lsn)
    )
    content = first.read_bytes()
    first.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert first.stem in stack.verify_backup(taken.id).trouble
    first.unlink()
    assert "gap" in stack.verify_backup(taken.id).trouble
    first.write_bytes(content)
    assert stack.verify_backup(taken.id).trouble == ""


def test_a_variant_begins_with_no_archive(stack: Stack) -> None:
    lane = stack.open_lane()
    wal = Path(stack.back_up(lane).wal)
    assert wal.is_dir()
    stack.variant(lane)
    assert not wal.exists()
    assert stack.backups(lane) == []
    stack.close_lane(lane)
