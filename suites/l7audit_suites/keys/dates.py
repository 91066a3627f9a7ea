"""What a listing says of a key's life, and a stored key that is made older."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from l7audit.target.words import says, words

_MADE = ("created", "made", "issued", "since", "added", "creation")
_END = ("expire", "expiry", "expires", "expiration", "until", "end", "valid", "retire")
_USE = ("last used", "last use", "last seen", "last access", "last shown", "used")
_LEFT = ("retires", "expires in", "lifetime", "ttl", "due", "rotate by", "renew by", "remaining")
_RECENT = timedelta(minutes=10)


def member(thing: Mapping[str, Any], phrases: tuple[str, ...]) -> str:
    """The name of the first member that says so; empty without one."""
    return next((n for n in thing if says(words(n), *phrases)), "")


def members(thing: Mapping[str, Any]) -> dict[str, str]:
    """The names of the members that tell when a key was made, when it ends and was last used."""
    use = member(thing, _USE)
    rest = {n: v for n, v in thing.items() if n != use}
    return {"made": member(rest, _MADE), "end": member(rest, _END), "last use": use}


def told_end(thing: Mapping[str, Any], now: datetime) -> str:
    """The member that says when a thing will end: by a time to come, or by how much is left."""
    for name, value in thing.items():
        if not says(words(name), *_END, *_LEFT):
            continue
        at = moment(value)
        left = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        if (at is not None and at > now) or left:
            return name
    return ""


def moment(value: Any) -> datetime | None:
    """A time as text or as seconds of the epoch."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value if value < 1e11 else value / 1000, UTC)
        told = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    if told is None:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def aged(row: Mapping[str, Any], by: timedelta, now: datetime) -> dict[str, Any]:
    """A stored row whose times of just now lie further back; what is to come stays."""
    older = dict(row)
    for name, value in row.items():
        told = moment(value) if isinstance(value, str) else None
        if told is not None and abs(now - told) < _RECENT:
            older[name] = (told - by).isoformat()
    return older
