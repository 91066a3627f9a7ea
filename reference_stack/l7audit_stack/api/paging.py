"""Lists in bounded pages: the query every list takes, and the opaque cursor between two pages."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Input
from l7audit_stack.api.routes.shapes import END
from l7audit_stack.api.security.bodies import invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSITION = re.compile(r"([0-9a-f]{1,14})\.([0-9a-f]{32})")
_FIRST = UUID(int=(1 << 128) - 1)


class PageQuery(Input, frozen=True):
    """Which page of a list: at most `limit` items, after the `cursor` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    cursor: (
        Annotated[str, msgspec.Meta(max_length=120, pattern=r"^[A-Za-z0-9_-]+" + END)] | None
    ) = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list by age: what follows is older than `(moment, id)`, or younger where the
    list goes oldest first."""

    moment: datetime
    id: UUID

    def cursor(self) -> str:
        """The place as the caller sees it: opaque, safe in a URL."""
        microseconds = (self.moment - _EPOCH) // timedelta(microseconds=1)
        text = f"{microseconds:x}.{self.id.hex}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def start(cursor: str | None, *, oldest_first: bool = False) -> Position:
    """The place that `cursor` names; without one, before the first item.

    Raises a 422 problem for a cursor that no list of ours has given out.
    """
    if cursor is None and oldest_first:
        return Position(_EPOCH, UUID(int=0))
    if cursor is None:
        return Position(datetime(9999, 1, 1, tzinfo=UTC), _FIRST)
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    match = _POSITION.fullmatch(text)
    try:
        if match is None:
            raise ValueError("not a position")
        moment = _EPOCH + timedelta(microseconds=int(match[1], 16))
    except (ValueError, OverflowError):
        raise invalid("The cursor is not one that this list gave out.") from None
    return Position(moment, UUID(hex=match[2]))


def next_cursor(rows: Sequence[Any], limit: int) -> str | None:
    """The cursor after the `limit` rows shown, given one row more if there is a next page.

    Rows have `created_at` and `id`.
    """
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return Position(last["created_at"], last["id"]).cursor()
