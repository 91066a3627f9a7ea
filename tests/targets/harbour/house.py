"""The harbour's parts and rules. `weak.py` names the parts that can be put in their place."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from harbour.asking import MOST_ROWS, cursor, text, whole
from harbour.gate import Limit
from harbour.members import Member, Members, Tokens
from harbour.register import SORTS, Register, Row
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request

PARTNERS = frozenset({"hooks.partner.example", "events.harbour.example"})
_PLACE = re.compile(r"\{\{ *(name|vessel) *\}\}")


async def fulfilled(
    register: Register, owner: Member, vessel: str, berth: Row, arrival: date, nights: int
) -> Row | None:
    """A booking, and the price on the owner's account; None where the berth is taken."""
    last = date.fromordinal(arrival.toordinal() + nights)
    if register.taken(berth["id"], arrival, last):
        return None
    booked = register.book(owner.id, vessel, berth, arrival, nights)
    owner.owing_cents += booked["price_cents"]
    return booked


def nights(value: object) -> int:
    return whole(value, "nights", 1, 30)


def order_of(given: str) -> str:
    if given not in SORTS:
        raise HTTPException(422, f"Sort by one of {', '.join(SORTS)}.")
    return given


def letter(template: str, values: dict[str, str]) -> str:
    """The letter with its two places filled; anything else stays as it is written."""
    return _PLACE.sub(lambda found: values[found[1]], template)


def file_headers(name: str, kind: str) -> dict[str, str]:
    """The fields that make a browser keep an answer as a file."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
        raise HTTPException(422, "A file name has letters, digits, '_' and '-'.")
    return {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}


async def partner(url: object) -> str:
    """The URL, if it leads to a partner: only those are ever told of events."""
    parts = urlsplit(text(url, "url", 300))
    if parts.scheme != "https" or parts.netloc not in PARTNERS:
        raise HTTPException(422, f"The host is none of {', '.join(sorted(PARTNERS))}.")
    return parts.geturl()


def own_details(member: Member, changes: dict[str, Any]) -> None:
    """Takes the two details that a member may change."""
    for name, value in changes.items():
        setattr(member, name, text(value, name))


OWN_DETAILS = frozenset({"display_name", "phone"})


def card(member: Member) -> Row:
    """What members see of each other."""
    return {"id": member.id, "display_name": member.display_name}


def harbour_master(member: Member) -> None:
    if member.role != "master":
        raise HTTPException(403, "That is for the harbour master.")


def unknown_login(_email: str) -> str:
    return "The e-mail or the password is wrong."


def broken(_: Exception) -> str:
    return "Something broke; we have been told."


@dataclass
class House:
    """What the desks work with. Each part may be another one."""

    members: Members
    tokens: Tokens
    register: Register
    forecasts: Limit = field(default_factory=lambda: Limit(8, 60))
    guesses: Limit = field(default_factory=lambda: Limit(10, 60))
    client_guesses: Limit = field(default_factory=lambda: Limit(100, 60))
    webhooks: dict[str, Row] = field(default_factory=dict)

    vessel_to_read: Callable[[Member, str], Row | None] = field(init=False)
    vessel_to_change: Callable[[Member, str], Row | None] = field(init=False)
    exported: Callable[[Member], list[Row]] = field(init=False)
    booking: Callable[[Request, str], Row | None] = field(init=False)
    fulfilled: Callable[..., Awaitable[Row | None]] = fulfilled
    nights: Callable[[object], int] = nights
    order_of: Callable[[str], str] = order_of
    most_berths: int = MOST_ROWS
    letter: Callable[[str, dict[str, str]], str] = letter
    file_headers: Callable[[str, str], dict[str, str]] = file_headers
    webhook_url: Callable[[object], Awaitable[str]] = partner
    own_details: Callable[[Member, dict[str, Any]], None] = own_details
    may_change: frozenset[str] = OWN_DETAILS
    card: Callable[[Member], Row] = card
    prices: Callable[[Member], None] = harbour_master
    unknown_login: Callable[[str], str] = unknown_login
    cursor: Callable[[str], int] = cursor
    broken: Callable[[Exception], str] = broken

    def __post_init__(self) -> None:
        register = self.register
        self.vessel_to_read = lambda member, ref: register.vessel(member.id, ref)
        self.vessel_to_change = lambda member, ref: register.vessel(member.id, ref)
        self.exported = lambda member: register.every_booking(member.id)
        self.booking = lambda request, ref: register.booking(self.caller(request).id, ref)

    def holder(self, headers: Headers) -> str | None:
        """The id of the member whose one access token a request carries."""
        given = headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        return self.tokens.holder(token) if scheme.lower() == "bearer" else None

    def caller(self, request: Request) -> Member:
        """The member whose access token the request carries; 401 for anybody else."""
        ref = self.holder(request.headers)
        if ref is None:
            told = {"WWW-Authenticate": 'Bearer realm="harbour"'}
            raise HTTPException(401, "Show an access token.", told)
        return self.members.by_id[ref]
