"""The embedded Redis-protocol store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.components.store import DATABASES, Store
from l7audit_stack.deploy.forks import Forks
from l7audit_stack.deploy.homes import Home
from l7audit_stack.deploy.keeper import Keeper
from l7audit_stack.deploy.ports import Ports
from l7audit_stack.deploy.probes import redis_calls
from l7audit_stack.deploy.processes import Processes

Workshop = Callable[[Callable[[Programs, Forks], Awaitable[None]]], None]


def test_lanes_have_numbered_databases_that_are_emptied_one_by_one(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        store = Store(home.folder, Ports(home.folder).take())
        kept = Keeper(store, Processes(programs, forks), tmp_path / "store.log")
        await kept.start()

        async def calls(*them: tuple[str, ...]) -> list[str]:
            return await redis_calls(store.port, store.password, *them)

        last = str(DATABASES - 1)
        await calls(("SELECT", "0"), ("SET", "k", "a"), ("SELECT", last), ("SET", "k", "b"))
        await store.flush(0)
        sizes = await calls(("SELECT", "0"), ("DBSIZE",), ("SELECT", last), ("DBSIZE",))
        assert sizes == ["+OK", ":0", "+OK", ":1"]

        # Lua is there (rate limits need it), and nobody gets in without the password.
        assert await calls(("EVAL", "return 7", "0")) == [":7"]
        with pytest.raises(ValueError, match="AUTH"):
            await redis_calls(store.port, "guess", ("PING",))
        await kept.stop()

    workshop(work)


def test_its_password_is_in_no_argument_and_no_log(
    workshop: Workshop, home: Home, tmp_path: Path
) -> None:
    async def work(programs: Programs, forks: Forks) -> None:
        store = Store(home.folder, Ports(home.folder).take())
        kept = Keeper(store, Processes(programs, forks), tmp_path / "store.log")
        await kept.start()
        assert not any(store.password in word for word in store.command().argv)
        assert store.password not in (tmp_path / "store.log").read_text()
        assert store.password not in repr(store)
        await kept.stop()

    workshop(work)
