"""A new data key: secrets that an older one sealed are sealed again, and then it can go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from l7audit_stack.api.security.secrets import SealBrokenError

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_SEALED = (("webhooks", "secret_sealed", "webhooks:{}:secret"),)
"""Table, column, and the place that each value is bound to by its row's id."""

_TURN = 0x6C37_6B65
"""The advisory lock of whoever rotates: one after another."""


class KeysKeptElsewhereError(Exception):
    """The folder of keys can't be written from here."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation came to: the new key, how many values it sealed again, how many did not open
    and stay as they are, and which keys were retired."""

    kid: str
    resealed: int
    unreadable: int
    retired: Sequence[str]


def standing(sealed: str) -> str:
    """An SQL condition: the key that sealed this text (an SQL expression) is not retired."""
    return f"NOT EXISTS (SELECT FROM retired_data_keys WHERE id = split_part({sealed}, ':', 1))"


async def rotate(parts: Parts) -> Rotation:
    """Makes a data key, seals everything with it, and retires the older ones, on all replicas.

    Writers wait while that is done, readers don't. A key under which something stays that does not
    open is kept. Raises KeysKeptElsewhereError.
    """
    keys = parts.data_keys
    resealed = unreadable = 0
    async with parts.database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _TURN)
        try:
            kid = await asyncio.to_thread(keys.add)
        except OSError as error:
            raise KeysKeptElsewhereError from error
        keys.refresh()
        left: set[str] = set()
        for table, column, place in _SEALED:
            await connection.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            fresh, broken = _sealed_again(
                parts, await _stale(connection, table, column, kid), place
            )
            await connection.executemany(f"UPDATE {table} SET {column} = $2 WHERE id = $1", fresh)
            resealed, unreadable = resealed + len(fresh), unreadable + len(broken)
            left |= {sealed.partition(":")[0] for sealed in broken}
        old = [key for key in keys.keys if key < kid and key not in left]
        await connection.executemany(
            "INSERT INTO retired_data_keys (id) VALUES ($1) ON CONFLICT DO NOTHING",
            [(key,) for key in old],
        )
    await _put_away(parts, old)
    return Rotation(kid, resealed, unreadable, old)


async def put_away(parts: Parts) -> None:
    """Retired keys whose files stayed, as after a crash at the wrong moment, go as well."""
    rows = await parts.database.fetch("SELECT id FROM retired_data_keys")
    await _put_away(parts, [row["id"] for row in rows if row["id"] in parts.data_keys.keys])


async def _put_away(parts: Parts, kids: Sequence[str]) -> None:
    for kid in kids:
        await asyncio.to_thread(parts.data_keys.retire, kid)
    parts.data_keys.refresh()


async def reseal(parts: Parts) -> int:
    """Seals what is stale with the newest key, which somebody put into the folder; how many values
    that were.

    A value that somebody changes meanwhile is left alone: it is sealed anew anyway. One that does
    not open is left for people to look at, and said in the log.
    """
    done = 0
    for table, column, place in _SEALED:
        rows = await _stale(parts.database, table, column, parts.secrets.newest)
        before = {row["id"]: row["sealed"] for row in rows}
        for key, fresh in _sealed_again(parts, rows, place)[0]:
            await parts.database.execute(
                f"UPDATE {table} SET {column} = $3 WHERE id = $1 AND {column} = $2"
                f" AND {standing('$3')}",
                key,
                before[key],
                fresh,
            )
            done += 1
    return done


async def _stale(database: Any, table: str, column: str, newest: str) -> Sequence[Any]:
    rows: Sequence[Any] = await database.fetch(
        f"SELECT id, {column} AS sealed FROM {table} WHERE {column} NOT LIKE $1", f"{newest}:%"
    )
    return rows


def _sealed_again(
    parts: Parts, rows: Sequence[Any], place: str
) -> tuple[list[tuple[Any, str]], list[str]]:
    """Ids and new texts, and the texts that do not open."""
    fresh, broken = [], []
    for row in rows:
        try:
            text = parts.secrets.reseal(row["sealed"], place=place.format(row["id"]))
        except SealBrokenError as error:
            parts.log.say("ERROR", "secret-not-resealed", id=str(row["id"]), error=str(error))
            broken.append(row["sealed"])
        else:
            fresh.append((row["id"], text))
    return fresh, broken
