"""The desk for manuals, parts, trouble codes and jobs, and the application as a whole."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web, web_response
from garage.asking import Limit, RefusedError, members, misfit, page, plate, problem, text
from garage.fleet_desk import FleetDesk
from garage.house import PROTECTIVE, House
from garage.key_desk import KeyDesk
from garage.yard import Job

DOCUMENT = Path(__file__).with_name("openapi.yaml")
_MOST_JOBS, _MOST_PLATES = 200, 50


class WorkDesk:
    """What the garage knows and does."""

    def __init__(self, house: House) -> None:
        self.house = house

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.health),
            web.get("/openapi.yaml", self.document),
            web.get("/manuals/{path:.+}", self.manual),
            web.get("/parts", self.parts),
            web.post("/diagnostics", self.diagnose),
            web.get("/jobs", self.jobs),
            web.post("/jobs", self.start),
            web.get("/jobs/{job}", self.job),
            web.get("/jobs/{job}/result", self.result),
            web.delete("/jobs/{job}", self.drop),
        ]

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def document(self, _: web.Request) -> web.Response:
        return web.Response(body=DOCUMENT.read_bytes(), content_type="application/yaml")

    async def manual(self, request: web.Request) -> web.Response:
        self.house.caller(request)
        found = self.house.manual(self.house.yard.folder / "manuals", request.match_info["path"])
        if found is None:
            raise RefusedError(404, "There is no such manual.")
        return web.Response(body=found, content_type="text/plain", charset="utf-8")

    async def parts(self, request: web.Request) -> web.Response:
        self.house.caller(request)
        maker = text(request.query.get("maker", "Nordbrake"), "maker", 200)
        found = [
            {"number": p.get("number"), "maker": p.get("maker"), "name": p.text,
             "price_cents": int(p.get("price"))}
            for p in self.house.parts(self.house.yard.parts, maker)
        ]  # fmt: skip
        return web.json_response({"items": found[:100]})

    async def diagnose(self, request: web.Request) -> web.Response:
        self.house.diagnoses.take(self.house.caller(request).name)
        code = text((await members(request, {"code"}, set()))["code"], "code")
        lines = (await self.house.meaning(self.house.yard.folder, code)).splitlines()
        return web.json_response({"code": code, "lines": lines})

    # --- jobs ---------------------------------------------------------------------------------

    async def jobs(self, request: web.Request) -> web.Response:
        caller, held = self.house.caller(request), self.house.yard.jobs
        names, following = page(request, [n for n, j in held.items() if j.client == caller.name])
        return web.json_response({"items": [held[n].told() for n in names], "next": following})

    async def start(self, request: web.Request) -> web.Response:
        caller, yard = self.house.caller(request), self.house.yard
        self.house.jobs.take(caller.name)
        body = await members(request, {"plates"}, {"copies"})
        plates = body["plates"]
        if not isinstance(plates, list) or not 0 < len(plates) <= _MOST_PLATES:
            raise misfit("plates")
        if sum(j.client == caller.name for j in yard.jobs.values()) >= _MOST_JOBS:
            raise RefusedError(409, "You have as many jobs as a client may have.")
        copies = self.house.copies(body.get("copies", 1))
        job = yard.start(caller.name, [plate(p) for p in plates], copies)
        return web.json_response(job.told(), status=202, headers={"Location": f"/jobs/{job.name}"})

    def _own(self, request: web.Request) -> Job:
        return self._of(self.house.caller(request).name, request)

    def _of(self, client: str | None, request: web.Request) -> Job:
        """The job of a client; of anybody for None."""
        found = self.house.yard.jobs.get(request.match_info["job"])
        if found is None or client not in {None, found.client}:
            raise RefusedError(404, "There is no such job.")
        return found

    async def job(self, request: web.Request) -> web.Response:
        return web.json_response(self._own(request).told())

    async def result(self, request: web.Request) -> web.Response:
        found = self._of(self.house.result_reader(request), request)
        if found.state != "done":
            raise RefusedError(409, "The job is not done.")
        return web.Response(text=found.result, content_type="text/csv")

    async def drop(self, request: web.Request) -> web.Response:
        del self.house.yard.jobs[self._own(request).name]
        return web.Response(status=204)


def build(house: House, more: list[web.RouteDef]) -> web.Application:
    """The whole service, with `more` routes beside its own."""
    callers = Limit(200, 4)
    # Also what is no HTTP at all is answered without the software's version.
    web_response.SERVER_SOFTWARE = "garage"

    @web.middleware
    async def refusing(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            known = house.identified(request)
            callers.take(known.name if known else f"from {request.remote}")
            return await handler(request)
        except RefusedError as no:
            return problem(no.status, no.detail, no.headers)
        except web.HTTPException as no:
            allow = {"Allow": no.headers["Allow"]} if "Allow" in no.headers else None
            return problem(no.status, no.reason, allow)
        except Exception:
            logging.exception("A request broke.")
            return problem(500, "Something broke; we have been told.")

    async def protect(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in PROTECTIVE.items():
            response.headers.setdefault(name, value)

    app = web.Application(middlewares=[refusing], client_max_size=512 * 1024)
    desks = (KeyDesk(house), FleetDesk(house), WorkDesk(house))
    app.add_routes([*more, *(route for desk in desks for route in desk.routes())])
    app.on_response_prepare.append(protect)
    return app
