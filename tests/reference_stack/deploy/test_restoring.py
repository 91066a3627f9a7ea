"""Restores of a real stack: a scratch database that holds what it is to hold, or none at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from l7audit_stack.backups.interface import Listed
from l7audit_stack.backups.recovery import Aim
from l7audit_stack.backups.segments import position
from l7audit_stack.deploy.stack import Stack, StackError

SOON = 2.0  # seconds until what was written is archived, on a machine that does much else


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack.start(tmp_path_factory.mktemp("run"), replicas=1) as started:
        yield started


def _asked(url: str, *statements: str) -> Any:
    """The value of the last one."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def _write(stack: Stack, number: int) -> str:
    """Writes one numbered row; the time after it."""
    _asked(
        stack.address().database_url,
        "CREATE TABLE IF NOT EXISTS counted (n int)",
        f"INSERT INTO counted VALUES ({number}) RETURNING n",
    )
    time.sleep(0.02)
    return datetime.now(UTC).isoformat()


def _rows(url: str) -> list[int]:
    found: list[int] = _asked(url, "SELECT array_agg(n ORDER BY n) FROM counted")
    return found


@pytest.fixture(scope="module")
def history(stack: Stack) -> dict[str, str]:
    """Rows 1, 2 and 3 after a backup, with the times between them."""
    stack.back_up()
    first = _write(stack, 1)
    second = _write(stack, 2)
    stack.name_point("before-three")
    _write(stack, 3)
    time.sleep(SOON)
    return {"first": first, "second": second}


def test_a_restore_goes_to_the_latest_the_time_or_the_point(
    stack: Stack, history: dict[str, str]
) -> None:
    live = stack.address().database_url
    for aim, rows in (
        (Aim(), [1, 2, 3]),
        (Aim(time=history["first"]), [1]),
        (Aim(time=history["second"]), [1, 2]),
        (Aim(point="before-three"), [1, 2]),
    ):
        restored = stack.restore(aim)
        assert _rows(restored.url) == rows
        assert restored.segments >= 1
    assert _rows(live) == [1, 2, 3]


@pytest.mark.usefixtures("history")
def test_what_was_restored_takes_writes_and_the_live_database_sees_none_of_them(
    stack: Stack,
) -> None:
    restored = stack.restore(Aim())
    assert _asked(restored.url, "INSERT INTO counted VALUES (99) RETURNING n") == 99
    assert 99 not in _rows(stack.address().database_url)


@pytest.mark.usefixtures("history")
def test_there_is_one_at_a_time_and_dropping_it_leaves_nothing(stack: Stack) -> None:
    first, second = stack.restore(Aim()), stack.restore(Aim())
    with pytest.raises(ConnectionRefusedError):
        _rows(first.url)
    assert "scratch" in [component.name for component in stack.status()]
    stack.drop_restored()
    stack.drop_restored()
    assert not Path(second.folder).exists()
    assert "scratch" not in [component.name for component in stack.status()]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("aim", "told"),
    [
        (Aim(point="nowhere"), "does not hold the point 'nowhere'"),
        (Aim(time="2999-01-01T00:00:00Z"), "restore the latest instead"),
        (Aim(time="2001-01-01T00:00:00Z"), "No backup ended before"),
        (Aim(backup="20260101T000000Z-aaaaaa"), "There is no backup"),
    ],
    ids=["point", "future", "past", "backup"],
)
def test_where_nothing_leads_to_is_a_sentence_and_leaves_nothing(
    stack: Stack, aim: Aim, told: str
) -> None:
    with pytest.raises(StackError, match=told):
        stack.restore(aim)
    _nothing_is_left(stack)


def _nothing_is_left(stack: Stack) -> None:
    scratch = stack.address().secrets_dir.parents[1] / "scratch"
    assert not list(scratch.rglob("*/*"))
    assert "scratch" not in [component.name for component in stack.status()]


def _segments(listed: Listed) -> list[Path]:
    """The whole ones that a restore of that backup needs."""
    assert listed.manifest is not None
    end = position(listed.manifest.end_lsn)
    files = sorted(Path(listed.wal).glob("*.wal"))
    return [file for file in files if int(file.stem[8:], 16) << 20 >= end]


@pytest.mark.usefixtures("history")
def test_a_chain_with_a_flipped_bit_or_a_gap_is_refused(stack: Stack) -> None:
    (listed,) = stack.backups()
    segment, archive = _segments(listed)[0], Path(listed.folder) / "archive.sealed"
    for file, told in ((segment, segment.stem), (archive, "does not open")):
        content = file.read_bytes()
        middle = len(content) // 2
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        with pytest.raises(StackError, match=told):
            stack.restore(Aim())
        file.write_bytes(content)
    content = segment.read_bytes()
    segment.unlink()
    with pytest.raises(StackError, match="gap"):
        stack.restore(Aim())
    _nothing_is_left(stack)
    segment.write_bytes(content)
    assert _rows(stack.restore(Aim()).url) == [1, 2, 3]


@pytest.mark.usefixtures("history")
def test_one_that_is_given_up_leaves_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stack._ask

    def given_up(do: str, **arguments: Any) -> Any:
        told = asked(do, **arguments)
        if do == "restore":
            raise KeyboardInterrupt
        return told

    monkeypatch.setattr(stack, "_ask", given_up)
    with pytest.raises(KeyboardInterrupt):
        stack.restore(Aim())
    _nothing_is_left(stack)


def test_points_need_a_name_and_something_that_is_archived(stack: Stack) -> None:
    with pytest.raises(StackError, match="no name of a point"):
        stack.name_point("x'); DROP TABLE agents; --")
    lane = stack.open_lane()
    with pytest.raises(StackError, match="take a backup"):
        stack.name_point("early", lane)
    stack.back_up(lane)
    restored = stack.restore(Aim(), lane)
    assert _asked(restored.url, "SELECT current_database()") == f"lane_{lane}"
    stack.variant(lane)
    with pytest.raises(ConnectionRefusedError):
        _asked(restored.url, "SELECT 1")
    stack.close_lane(lane)
