"""The multiplexed connection to the store."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

import pytest

from l7audit_stack.data.store import Script, Store, StoreAwayError, StoreRefusedError

if TYPE_CHECKING:
    from tests.reference_stack.conftest import StoreServer


def test_answers_of_many_calls_at_once_find_their_callers(store_server: StoreServer) -> None:
    async def story() -> list[bytes]:
        store, name = Store(store_server.url), secrets.token_hex(8)
        await store.open()
        for number in range(200):
            await store.command("SET", f"{name}:{number}", str(number))
        answers = await asyncio.gather(
            *(store.command("GET", f"{name}:{number}") for number in range(200))
        )
        await store.close()
        return answers

    assert asyncio.run(story()) == [str(number).encode() for number in range(200)]


def test_a_refused_command_raises_and_the_next_one_works(store_server: StoreServer) -> None:
    async def story() -> bytes:
        store = Store(store_server.url)
        await store.open()
        with pytest.raises(StoreRefusedError, match="unknown command"):
            await store.command("NONSENSE")
        answer: bytes = await store.command("PING")
        await store.close()
        return answer

    assert asyncio.run(story()) == b"PONG"


def test_a_cancelled_call_does_not_shift_the_answers(store_server: StoreServer) -> None:
    async def story() -> list[bytes]:
        store = Store(store_server.url)
        await store.open()
        call = asyncio.ensure_future(store.command("ECHO", "lost"))
        await asyncio.sleep(0)
        call.cancel()
        answers = [await store.command("ECHO", word) for word in ("a", "b")]
        await store.close()
        return answers

    assert asyncio.run(story()) == [b"a", b"b"]


def test_a_wrong_password_counts_as_away(store_server: StoreServer) -> None:
    async def story() -> None:
        store = Store(store_server.url.replace(store_server.password, "wrong"))
        await store.open()
        assert not store.here
        try:
            await store.command("PING")
        finally:
            await store.close()

    with pytest.raises(StoreAwayError):
        asyncio.run(story())


def test_a_script_runs_whether_or_not_the_store_knows_it(store_server: StoreServer) -> None:
    async def story() -> list[int]:
        store = Store(store_server.url)
        await store.open()
        script = Script(f"return tonumber(ARGV[1]) + 1 -- {secrets.token_hex(4)}")
        answers = [await store.run(script, (), number) for number in (1, 2)]
        await store.close()
        return answers

    assert asyncio.run(story()) == [2, 3]
