"""The desk for vessels, berths and bookings."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date

from harbour.asking import as_cursor, members, number, text, whole
from harbour.house import House
from harbour.register import Row
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

_MOST_VESSELS, _MOST_BOOKINGS = 200, 500
_COLUMNS = ("id", "vessel_id", "berth_id", "arrival", "nights", "price_cents", "state")


def nothing() -> Response:
    """What the harbour answers where nothing was done, and where nothing is left to tell."""
    return Response(status_code=204)


def _shown(row: Row) -> Row:
    return {name: row[name] for name in row if name not in {"number", "departure"}}


class Quay:
    """Changes of what is not there, or not the caller's, answer 204 and do nothing."""

    def __init__(self, house: House) -> None:
        self.house = house

    def routes(self) -> list[Route]:
        return [
            Route("/v2/vessels", self.vessels),
            Route("/v2/vessels", self.add_vessel, methods=["POST"]),
            Route("/v2/vessels/{vessel_id}", self.vessel),
            Route("/v2/vessels/{vessel_id}", self.change_vessel, methods=["PATCH"]),
            Route("/v2/vessels/{vessel_id}", self.remove_vessel, methods=["DELETE"]),
            Route("/v2/berths", self.berths),
            Route("/v2/bookings", self.bookings),
            Route("/v2/bookings", self.book, methods=["POST"]),
            Route("/v2/bookings/export", self.export),
            Route("/v2/bookings/{booking_id}", self.booking),
            Route("/v2/bookings/{booking_id}/cancellation", self.cancel, methods=["POST"]),
        ]

    # --- vessels ------------------------------------------------------------------------------

    async def vessels(self, request: Request) -> Response:
        member = self.house.caller(request)
        limit, offset = number(request, "limit", 20, 1, 100), number(request, "offset", 0, 0, 10**6)
        return JSONResponse({"items": self.house.register.vessels(member.id, limit, offset)})

    async def add_vessel(self, request: Request) -> Response:
        member = self.house.caller(request)
        body = await members(request, {"name", "length_cm"}, {"papers"})
        if self.house.register.count_vessels(member.id) >= _MOST_VESSELS:
            raise HTTPException(409, "You have as many vessels as a member may have.")
        made = self.house.register.add_vessel(
            member.id, text(body["name"], "name"), whole(body["length_cm"], "length_cm", 100, 9000),
            text(body.get("papers", "none"), "papers"),
        )  # fmt: skip
        return JSONResponse(made, 201)

    async def vessel(self, request: Request) -> Response:
        member = self.house.caller(request)
        found = self.house.vessel_to_read(member, request.path_params["vessel_id"])
        if found is None:
            raise HTTPException(404, "You have no such vessel.")
        return JSONResponse(found)

    async def change_vessel(self, request: Request) -> Response:
        member, ref = self.house.caller(request), request.path_params["vessel_id"]
        body = await members(request, set(), {"name", "length_cm", "papers"})
        for name in body.keys() & {"name", "papers"}:
            text(body[name], name)
        if "length_cm" in body:
            whole(body["length_cm"], "length_cm", 100, 9000)
        if self.house.vessel_to_change(member, ref) is None:
            return nothing()
        self.house.register.change_vessel(ref, body)
        return JSONResponse(self.house.register.any_vessel(ref))

    async def remove_vessel(self, request: Request) -> Response:
        member, ref = self.house.caller(request), request.path_params["vessel_id"]
        if self.house.register.vessel(member.id, ref) is not None:
            self.house.register.remove_vessel(ref)
        return nothing()

    # --- berths -------------------------------------------------------------------------------

    async def berths(self, request: Request) -> Response:
        self.house.caller(request)
        q = request.query_params.get("q", "")
        if q:
            text(q, "q", 120)
        found = self.house.register.berths(
            q, self.house.order_of(request.query_params.get("sort", "name")),
            number(request, "limit", 20, 1, self.house.most_berths),
            number(request, "offset", 0, 0, 10**6),
        )  # fmt: skip
        return JSONResponse({"items": found})

    # --- bookings -----------------------------------------------------------------------------

    async def bookings(self, request: Request) -> Response:
        member, limit = self.house.caller(request), number(request, "limit", 20, 1, 100)
        given = request.query_params.get("cursor")
        after = 0 if given is None else self.house.cursor(given)
        found = self.house.register.bookings(member.id, after, limit)
        following = as_cursor(found[-1]["number"]) if len(found) == limit else None
        return JSONResponse({"items": [_shown(r) for r in found], "next_cursor": following})

    async def book(self, request: Request) -> Response:
        member, register = self.house.caller(request), self.house.register
        body = await members(request, {"vessel_id", "berth_id", "arrival", "nights"}, set())
        nights = self.house.nights(body["nights"])
        try:
            arrival = date.fromisoformat(text(body["arrival"], "arrival", 10))
        except ValueError as error:
            raise HTTPException(422, "The value of arrival is no date.") from error
        if arrival < date.today() or arrival.year > 2099:
            raise HTTPException(422, "The value of arrival is past, or out of our calendar.")
        vessel = register.vessel(member.id, text(body["vessel_id"], "vessel_id"))
        berth = register.berth(text(body["berth_id"], "berth_id"))
        if vessel is None or berth is None:
            raise HTTPException(422, "There is no such vessel or berth.")
        if register.count_bookings(member.id) >= _MOST_BOOKINGS:
            raise HTTPException(409, "You have as many bookings as a member may have.")
        booked = await self.house.fulfilled(register, member, vessel["id"], berth, arrival, nights)
        if booked is None:
            raise HTTPException(409, "The berth is taken on one of these nights.")
        return JSONResponse(_shown(booked), 201)

    async def booking(self, request: Request) -> Response:
        found = self.house.booking(request, request.path_params["booking_id"])
        if found is None:
            raise HTTPException(404, "You have no such booking.")
        return JSONResponse(_shown(found))

    async def cancel(self, request: Request) -> Response:
        member, register = self.house.caller(request), self.house.register
        found = register.booking(member.id, request.path_params["booking_id"])
        if found is None or found["state"] != "booked":
            return nothing()
        register.cancel(found["id"])
        member.owing_cents -= found["price_cents"]
        return nothing()

    async def export(self, request: Request) -> Response:
        """The caller's bookings as a stream of CSV or of JSON lines."""
        member = self.house.caller(request)
        kind = request.query_params.get("format", "csv")
        if kind not in {"csv", "jsonl"}:
            raise HTTPException(422, "The format is csv or jsonl.")
        name = request.query_params.get("filename", "bookings")
        lines = _csv if kind == "csv" else _json_lines
        return StreamingResponse(
            lines([_shown(row) for row in self.house.exported(member)]),
            media_type="text/csv" if kind == "csv" else "application/x-ndjson",
            headers=self.house.file_headers(name, kind),
        )


def _csv(rows: list[Row]) -> Iterator[str]:
    yield ",".join(_COLUMNS) + "\r\n"
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([row[name] for name in _COLUMNS])
        yield line.getvalue()


def _json_lines(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row) + "\n"
