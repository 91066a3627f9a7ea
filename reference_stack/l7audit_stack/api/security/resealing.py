"""After a new data key: secrets that an older one sealed are sealed again, so that it can go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l7audit_stack.api.security.secrets import SealBrokenError

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_SEALED = (("webhooks", "secret_sealed", "webhooks:{}:secret"),)
"""Table, column, and the place that each value is bound to by its row's id."""


async def reseal(parts: Parts) -> int:
    """Seals what is stale with the newest key; how many values that were.

    A value that somebody changes meanwhile is left alone: it is sealed anew anyway. One that does
    not open is left for people to look at, and said in the log.
    """
    done = 0
    for table, column, place in _SEALED:
        rows = await parts.database.fetch(
            f"SELECT id, {column} AS sealed FROM {table} WHERE {column} NOT LIKE $1",
            f"{parts.secrets.newest}:%",
        )
        for row in rows:
            try:
                fresh = parts.secrets.reseal(row["sealed"], place=place.format(row["id"]))
            except SealBrokenError as error:
                parts.log.say("ERROR", "secret-not-resealed", table=table, error=str(error))
                continue
            await parts.database.execute(
                f"UPDATE {table} SET {column} = $3 WHERE id = $1 AND {column} = $2",
                row["id"],
                row["sealed"],
                fresh,
            )
            done += 1
    return done
