"""The weaknesses that can be planted in the harbour: each is another part in a part's place."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Callable
from datetime import date
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
from ground.starting import Start
from harbour.account import profile
from harbour.asking import text
from harbour.gate import Gate, Limit
from harbour.house import OWN_DETAILS, House
from harbour.members import Member
from harbour.register import Register, Row
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def any_order(given: str) -> str:
    return given


def rendered(template: str, values: dict[str, str]) -> str:
    """The template engine's own language. The sandbox keeps it from the machine."""
    try:
        return SandboxedEnvironment().from_string(template).render(values)
    except (TemplateError, ArithmeticError, TypeError, OverflowError) as error:
        raise HTTPException(422, "The template cannot be rendered.") from error


def headers_of_a_block(name: str, kind: str) -> dict[str, str]:
    """The fields as one text, as older software keeps them, taken apart line by line."""
    block = f'Content-Disposition: attachment; filename="{name}.{kind}"\r\nX-Export-Kind: {kind}'
    fields = (line.partition(":") for line in block.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, _, value in fields}


async def reached(url: object) -> str:
    """Greets the hook before it is kept. Beyond loopback nothing is ever asked."""
    given = text(url, "url", 300)
    try:
        host = urlsplit(given).hostname or ""
        if host != "localhost" and not ip_address(host).is_loopback:
            return given
    except ValueError:
        return given
    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            await client.get(given)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HTTPException(422, "The hook does not answer.") from error
    return given


def any_detail(member: Member, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if hasattr(member, name):
            setattr(member, name, value)


def whole_member(member: Member) -> Row:
    return profile(member) | {
        "salt": member.salt.hex(), "password_hash": member.password_hash.hex(),
    }  # fmt: skip


def any_whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10_000:
        raise HTTPException(422, "The value of nights is no number of nights.")
    return value


async def looked_up_first(
    register: Register, owner: Member, vessel: str, berth: Row, arrival: date, nights: int
) -> Row | None:
    """Between the look at the calendar and the entry the owner's credit is asked for."""
    if register.taken(berth["id"], arrival, date.fromordinal(arrival.toordinal() + nights)):
        return None
    await asyncio.sleep(0.08)
    booked = register.book(owner.id, vessel, berth, arrival, nights)
    owner.owing_cents += booked["price_cents"]
    return booked


def readable_cursor(given: str) -> int:
    return int(bytes.fromhex(given))


def with_trace(error: Exception) -> str:
    return "".join(traceback.format_exception(error))


def every_origin(origin: str) -> dict[str, str]:
    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
    return allowed if origin else {}


def plant(start: Start, house: House) -> tuple[list[Route], Callable[[Gate], None]]:
    """Chooses the parts; gives further routes, and what is to be done to the finished gate."""
    part, register = start.part, house.register

    def by_reference(_: Member, ref: str) -> Row | None:
        return register.any_vessel(ref)

    house.vessel_to_read = part("HB-01", house.vessel_to_read, by_reference)
    house.vessel_to_change = part("HB-02", house.vessel_to_change, by_reference)
    house.exported = part(
        "HB-03", house.exported, lambda _: register.rows("SELECT * FROM bookings ORDER BY number")
    )
    house.booking = part("HB-04", house.booking, lambda _, ref: register.any_booking(ref))
    house.order_of = part("HB-05", house.order_of, any_order)
    house.letter = part("HB-06", house.letter, rendered)
    house.file_headers = part("HB-07", house.file_headers, headers_of_a_block)
    house.webhook_url = part("HB-08", house.webhook_url, reached)
    house.own_details = part("HB-09", house.own_details, any_detail)
    house.may_change = part("HB-09", house.may_change, OWN_DETAILS | {"role"})
    house.card = part("HB-10", house.card, whole_member)
    house.prices = part("HB-11", house.prices, lambda _: None)
    house.forecasts = part("HB-12", house.forecasts, Limit(10**9, 60))
    house.most_berths = part("HB-13", house.most_berths, 10**9)
    house.nights = part("HB-14", house.nights, any_whole)
    house.fulfilled = part("HB-15", house.fulfilled, looked_up_first)
    house.unknown_login = part(
        "HB-16", house.unknown_login,
        lambda email: "Wrong password." if house.members.has(email) else "Unknown e-mail.",
    )  # fmt: skip
    house.cursor = part("HB-17", house.cursor, readable_cursor)
    house.broken = part("HB-17", house.broken, with_trace)

    async def first_version(request: Request) -> Response:
        house.caller(request)
        found = register.any_vessel(request.path_params["vessel_id"])
        if found is None:
            raise HTTPException(404, "There is no such vessel.")
        return JSONResponse(found)

    async def state(_: Request) -> Response:
        settings = {"folder": str(start.folder), "database": ":memory:", "debug": True}
        counted = {t: len(register.rows(f"SELECT 1 FROM {t}")) for t in ("vessels", "bookings")}
        return JSONResponse({"settings": settings, "rows": counted, "routes": sorted(_paths(more))})

    async def roll(_: Request) -> Response:
        return JSONResponse({"items": [profile(m) for m in house.members.by_id.values()]})

    more = [
        *part("HB-18", [], [Route("/v1/vessels/{vessel_id}", first_version)]),
        *part("HB-19", [], [Route("/debug/state", state)]),
        *part("HB-20", [], [Route("/internal/members", roll)]),
    ]
    cors = part("HB-21", None, every_origin)

    def finish(gate: Gate) -> None:
        gate.cors = cors or gate.cors

    return more, finish


def _paths(routes: list[Route]) -> list[str]:
    return [re.sub(r"\{.*?\}", "*", route.path) for route in routes]
