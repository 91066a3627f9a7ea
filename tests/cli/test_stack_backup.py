"""The README's commands for backups and restores, as they are typed there, with a real stack."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from l7audit.exits import Exit
from l7audit_stack.deploy.stack import Stack

Call = Callable[..., Any]
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BACKUPS, RESTORES = (
    [
        shlex.split(command)
        for command in re.findall(rf"^l7audit (stack {verb}[^#\n]*?) +#", README, re.MULTILINE)
    ]
    for verb in ("backup", "restore")
)


def test_a_backup_is_taken_listed_verified_and_found_out_when_it_is_changed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    take, listing, verify, _ = BACKUPS
    with Stack.start(tmp_path / "l7audit-out" / "stack", replicas=1):
        taken = call(*take)
        assert (taken.code, taken.err) == (Exit.PASSED, "")
        told = dict(line.split(maxsplit=1) for line in taken.out.splitlines()[:-1])
        assert (
            taken.out.splitlines()[-1]
            == "Verify it with: l7audit stack backup --verify " + (told["Backup"])
        )

        listed = call(*listing)
        assert (listed.code, listed.out.split()[0]) == (Exit.PASSED, told["Backup"])
        assert f"key {told['Key']}" in listed.out

        this = [told["Backup"] if word == "ID" else word for word in verify]
        verified = call(*this)
        assert (verified.code, verified.err) == (Exit.PASSED, "")
        assert verified.out.startswith("VERIFIED")

        archive = Path(told["Folder"]) / "archive.sealed"
        with archive.open("r+b") as file:
            file.seek(archive.stat().st_size // 2)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))
        damaged = call(*this)
        assert (damaged.code, damaged.err) == (Exit.UNTRUSTED, "")
        assert "the archive does not open" in damaged.out.lower()

        other = call(*["20260101T000000Z-aaaaaa" if word == "ID" else word for word in verify])
        assert (other.code, other.out) == (Exit.USAGE, "")
        assert f"There are {told['Backup']}." in other.err
    gone = call(*take)
    assert (gone.code, gone.err) == (
        Exit.USAGE, "l7audit: No stack is running. Start it with: l7audit stack up\n",
    )  # fmt: skip


def _tenants(url: str) -> int:
    async def run() -> int:
        connection = await asyncpg.connect(url)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM tenants"))
        finally:
            await connection.close()

    return asyncio.run(run())


def test_the_database_is_restored_beside_the_one_that_runs_and_removed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    take, _, _, point = BACKUPS
    latest, to_time, drop = RESTORES
    with Stack.start(tmp_path / "l7audit-out" / "stack", replicas=1) as stack:
        early = call(*point)
        assert (early.code, early.out) == (Exit.INTERNAL, "")
        assert "take a backup" in early.err
        call(*take)
        named = call(*point)
        assert (named.code, named.err) == (Exit.PASSED, "")
        restored = call(*latest)
        assert (restored.code, restored.err) == (Exit.PASSED, "")
        plan, *rows, remove = restored.out.splitlines()
        assert "The stack's own is not touched" in plan
        url = dict(row.split(maxsplit=1) for row in rows)["Database"]
        assert url != stack.address().database_url
        assert _tenants(url) == _tenants(stack.address().database_url)
        assert remove == "Remove it with: l7audit " + " ".join(drop)

        by_name = call(*shlex.split(named.out.rpartition(": l7audit ")[2]))
        assert (by_name.code, by_name.err) == (Exit.PASSED, "")
        never = call(*["2001-01-01" if word == "TIME" else word for word in to_time])
        assert (never.code, never.out) == (Exit.INTERNAL, "")
        assert "No backup ended before the time 2001-01-01" in never.err

        gone = call(*drop)
        assert gone.code == Exit.PASSED
        with pytest.raises(ConnectionRefusedError):
            _tenants(url)
