"""The embedded PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.components.postgres import TEMPLATE, Postgres, release_shared_memory
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.forks import Forks
from l7audit_stack.deploy.homes import Home
from l7audit_stack.deploy.keeper import Keeper
from l7audit_stack.deploy.ports import Ports
from l7audit_stack.deploy.privilege import Privilege
from l7audit_stack.deploy.processes import Processes
from l7audit_stack.deploy.system import descendants, start_time

Workshop = Callable[[Callable[[Programs, Forks], Awaitable[None]]], None]


async def _value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def _has_segment(identifier: str) -> bool:
    table = Path("/proc/sysvipc/shm")
    rows = table.read_text().splitlines()[1:] if table.exists() else []
    return any(row.split()[1] == identifier for row in rows)


def test_it_serves_copies_of_a_seeded_database_to_the_api_alone(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    log = tmp_path / "postgres.log"

    async def work(programs: Programs, forks: Forks) -> None:
        server = Postgres(home.folder, Ports(home.folder).take())
        kept = Keeper(server, Processes(programs, forks), log)
        await kept.start()
        try:
            await server.create_template(programs, log)
            await _value(server.url(TEMPLATE), "CREATE TABLE note (body text)")
            await server.copy_template(programs, log, "lane_1")
            await server.copy_template(programs, log, "lane_2")

            # pgvector is there, and the API's role owns its tables without being a superuser.
            lane = server.url("lane_1")
            assert await _value(lane, "SELECT '[1,2]'::vector <-> '[1,4]'::vector") == 2.0
            assert await _value(lane, "SELECT current_setting('is_superuser')") == "off"

            # What one lane writes, the other does not see; a fresh copy undoes it.
            await _value(lane, "INSERT INTO note VALUES ('mine')")
            assert await _value(server.url("lane_2"), "SELECT count(*) FROM note") == 0
            await server.copy_template(programs, log, "lane_1")
            assert await _value(lane, "SELECT count(*) FROM note") == 0

            # A wrong password is refused, from loopback too.
            with pytest.raises(asyncpg.InvalidPasswordError):
                await _value(lane.replace(server.owner_password, "guess"), "SELECT 1")

            # Data outlives a restart.
            await _value(lane, "INSERT INTO note VALUES ('kept')")
            await kept.restart()
            assert await _value(lane, "SELECT body FROM note") == "kept"

            with pytest.raises(StackError, match='relation "nothing" does not exist'):
                await server.execute(programs, log, "SELECT * FROM nothing")
        finally:
            await kept.kill()
        assert server.owner_password not in log.read_text()

    workshop(work)


def test_a_killed_server_leaves_no_process_and_no_shared_memory(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        server = Postgres(home.folder, Ports(home.folder).take())
        kept = Keeper(server, Processes(programs, forks), tmp_path / "postgres.log")
        await kept.start()
        assert kept.pid is not None
        processes = [kept.pid, *descendants(kept.pid)]
        assert len(processes) > 3
        segment = (server.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
        assert _has_segment(segment)
        os.kill(kept.pid, signal.SIGKILL)  # of the first process alone, as the kernel would
        while any(start_time(pid) for pid in processes):
            await asyncio.sleep(0.01)
        release_shared_memory(server.data)
        assert not _has_segment(segment)

    workshop(work)


def test_a_paused_server_can_be_killed_with_all_its_processes(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        server = Postgres(home.folder, Ports(home.folder).take())
        kept = Keeper(server, Processes(programs, forks), tmp_path / "postgres.log")
        await kept.start()
        await kept.pause()
        assert kept.pid is not None
        processes = [kept.pid, *descendants(kept.pid)]
        await kept.kill()
        while any(start_time(pid) for pid in processes):
            await asyncio.sleep(0.01)

    workshop(work)


def test_what_a_killed_server_left_does_not_pass_for_the_next_one_being_ready(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        server = Postgres(home.folder, Ports(home.folder).take())
        kept = Keeper(server, Processes(programs, forks), tmp_path / "postgres.log")
        await kept.start()
        await kept.kill()
        await server.prepare(programs, tmp_path / "postgres.log")
        assert not await server.ready()
        await kept.start()
        assert await server.ready()
        await kept.kill()

    workshop(work)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_where_user_namespaces_are_forbidden_root_becomes_nobody(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        programs.privilege = Privilege.NOBODY
        server = Postgres(home.folder, Ports(home.folder).take())
        kept = Keeper(server, Processes(programs, forks), tmp_path / "postgres.log")
        await kept.start()
        try:
            assert server.data.stat().st_uid == 65534
            await server.create_template(programs, tmp_path / "postgres.log")
            assert await _value(server.url(TEMPLATE), "SELECT 1") == 1
        finally:
            await kept.kill()

    workshop(work)


def test_the_data_folder_is_made_once_and_then_copied(
    workshop: Workshop, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    async def work(programs: Programs, forks: Forks) -> None:
        for name in ("first", "second"):
            folder = home.folder / name
            folder.mkdir()
            log = tmp_path / f"{name}.log"
            server = Postgres(folder, Ports(home.folder).take())
            kept = Keeper(server, Processes(programs, forks), log)
            await kept.start()
            try:
                await server.execute(programs, log, "CREATE ROLE guest")  # stays in this copy
            finally:
                await kept.kill()

    workshop(work)
    assert "creating configuration files" in (tmp_path / "first.log").read_text()
    assert "creating configuration files" not in (tmp_path / "second.log").read_text()
    assert len(list((tmp_path / "cache" / "l7audit").iterdir())) == 1
