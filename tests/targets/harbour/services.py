"""The desk for letters, webhooks and tide forecasts, and the application as a whole."""

from __future__ import annotations

import math
import uuid
from pathlib import Path

from harbour.account import AccountDesk
from harbour.asking import members, number, text
from harbour.gate import Gate
from harbour.house import House
from harbour.quay import Quay, nothing
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DOCUMENT = Path(__file__).with_name("openapi.json")
EVENTS = ("booking.made", "booking.cancelled")
_MOST_WEBHOOKS = 50


class ServiceDesk:
    """What the harbour does for its members besides berths."""

    def __init__(self, house: House) -> None:
        self.house = house

    def routes(self) -> list[Route]:
        return [
            Route("/health", self.health),
            Route("/v2/openapi.json", self.document),
            Route("/v2/letters/preview", self.preview, methods=["POST"]),
            Route("/v2/tide-forecasts", self.forecast, methods=["POST"]),
            Route("/v2/webhooks", self.webhooks),
            Route("/v2/webhooks", self.add_webhook, methods=["POST"]),
            Route("/v2/webhooks/{webhook_id}", self.webhook),
            Route("/v2/webhooks/{webhook_id}", self.remove_webhook, methods=["DELETE"]),
        ]

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def document(self, _: Request) -> Response:
        return Response(DOCUMENT.read_bytes(), media_type="application/json")

    async def preview(self, request: Request) -> Response:
        member = self.house.caller(request)
        body = await members(request, {"template"}, {"vessel"})
        template = body["template"]
        if not isinstance(template, str) or not 0 < len(template) <= 2000:
            raise HTTPException(422, "The value of template does not fit.")
        try:
            template.encode()
        except UnicodeEncodeError as error:
            raise HTTPException(422, "The value of template does not fit.") from error
        vessel = text(body.get("vessel", "your vessel"), "vessel")
        values = {"name": member.display_name, "vessel": vessel}
        return JSONResponse({"letter": self.house.letter(template, values)})

    async def forecast(self, request: Request) -> Response:
        """Heights in centimetres; dear to compute, so few a minute are admitted."""
        member = self.house.caller(request)
        self.house.forecasts.take(member.id)
        body = await members(request, {"days"}, set())
        days = body["days"]
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 14:
            raise HTTPException(422, "The value of days is 1 to 14.")
        waves = ((12.42, 180), (12.0, 60), (25.82, 30), (23.93, 25))
        heights = [
            round(sum(a * math.cos(2 * math.pi * m / (p * 60)) for p, a in waves))
            for m in range(0, days * 1440, 10)
        ]
        return JSONResponse({"days": days, "high_cm": max(heights), "low_cm": min(heights)}, 201)

    # --- webhooks -----------------------------------------------------------------------------

    async def webhooks(self, request: Request) -> Response:
        member = self.house.caller(request)
        limit, offset = number(request, "limit", 20, 1, 100), number(request, "offset", 0, 0, 10**6)
        mine = [w for w in self.house.webhooks.values() if w["owner"] == member.id]
        return JSONResponse({"items": mine[offset : offset + limit]})

    async def add_webhook(self, request: Request) -> Response:
        member = self.house.caller(request)
        body = await members(request, {"url", "event"}, set())
        if body["event"] not in EVENTS:
            raise HTTPException(422, f"The event is one of {', '.join(EVENTS)}.")
        if sum(w["owner"] == member.id for w in self.house.webhooks.values()) >= _MOST_WEBHOOKS:
            raise HTTPException(409, "You have as many webhooks as a member may have.")
        url = await self.house.webhook_url(body["url"])
        made = {"id": str(uuid.uuid4()), "owner": member.id, "url": url, "event": body["event"]}
        self.house.webhooks[made["id"]] = made
        return JSONResponse(made, 201)

    async def webhook(self, request: Request) -> Response:
        member = self.house.caller(request)
        found = self.house.webhooks.get(request.path_params["webhook_id"])
        if found is None or found["owner"] != member.id:
            raise HTTPException(404, "You have no such webhook.")
        return JSONResponse(found)

    async def remove_webhook(self, request: Request) -> Response:
        member, ref = self.house.caller(request), request.path_params["webhook_id"]
        if self.house.webhooks.get(ref, {}).get("owner") == member.id:
            del self.house.webhooks[ref]
        return nothing()


def build(house: House, more: list[Route]) -> Gate:
    """The whole service, with `more` routes beside its own."""

    async def told(_: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
        if isinstance(error, ClientDisconnect):
            return JSONResponse({"detail": "The request ended early."}, 400)
        return JSONResponse({"detail": house.broken(error)}, 500)

    desks = (AccountDesk(house), Quay(house), ServiceDesk(house))
    app = Starlette(
        routes=[route for desk in desks for route in desk.routes()] + more,
        exception_handlers=dict.fromkeys((HTTPException, ClientDisconnect, Exception), told),
    )
    app.router.redirect_slashes = False
    return Gate(app, house.holder)
