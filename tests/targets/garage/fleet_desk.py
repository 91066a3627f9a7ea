"""The desk for vehicles, their papers and their import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from garage.asking import RefusedError, members, page, plate, text, whole
from garage.yard import Vehicle, noted, vehicle_of

if TYPE_CHECKING:
    from garage.house import House

_MOST_VEHICLES, _MOST_PAPERS, _MOST_IMPORTED, _MOST_BYTES = 300, 20, 50, 256 * 1024


class FleetDesk:
    """A vehicle that is another client's is not there: 404."""

    def __init__(self, house: House) -> None:
        self.house = house

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/vehicles", self.vehicles),
            web.post("/vehicles", self.add),
            web.post("/vehicles/import", self.bring_in),
            web.get("/vehicles/{plate}", self.vehicle),
            web.put("/vehicles/{plate}", self.change),
            web.delete("/vehicles/{plate}", self.remove),
            web.get("/vehicles/{plate}/documents", self.papers),
            web.put("/vehicles/{plate}/documents/{filename}", self.file_paper),
            web.get("/vehicles/{plate}/documents/{filename}", self.paper),
        ]

    def _own(self, request: web.Request) -> Vehicle:
        client = self.house.caller(request)
        return _there(self.house.yard.own(client.name, request.match_info["plate"]))

    async def vehicles(self, request: web.Request) -> web.Response:
        client, held = self.house.caller(request), self.house.yard.vehicles
        names, following = page(request, [p for p, v in held.items() if v.client == client.name])
        items = [held[name].told() for name in names]
        return web.json_response({"items": items, "next": following})

    async def add(self, request: web.Request) -> web.Response:
        client = self.house.caller(request)
        body = await members(request, {"plate", "model"}, {"mileage_km", "notes"})
        made = Vehicle(
            plate(body["plate"]), client.name, text(body["model"], "model"),
            whole(body.get("mileage_km", 0), "mileage_km", 0, 9_999_999),
            noted(body.get("notes", "")),
        )  # fmt: skip
        self._keep(made)
        return web.json_response(made.told(), status=201)

    def _keep(self, made: Vehicle) -> None:
        held = self.house.yard.vehicles
        if made.plate in held:
            raise RefusedError(409, "A vehicle with this plate is in the garage already.")
        if sum(v.client == made.client for v in held.values()) >= _MOST_VEHICLES:
            raise RefusedError(409, "You have as many vehicles as a client may have.")
        held[made.plate] = made

    async def vehicle(self, request: web.Request) -> web.Response:
        client = self.house.caller(request)
        found = self.house.vehicle_to_read(client.name, request.match_info["plate"])
        return web.json_response(_there(found).told())

    async def change(self, request: web.Request) -> web.Response:
        found = self._own(request)
        body = await members(request, {"model", "mileage_km"}, {"notes"})
        model = text(body["model"], "model")
        mileage = whole(body["mileage_km"], "mileage_km", 0, 9_999_999)
        found.notes = noted(body.get("notes", ""))
        found.model, found.mileage_km = model, mileage
        return web.json_response(found.told())

    async def remove(self, request: web.Request) -> web.Response:
        client = self.house.caller(request)
        found = self.house.vehicle_to_remove(client.name, request.match_info["plate"])
        del self.house.yard.vehicles[_there(found).plate]
        return web.Response(status=204)

    async def bring_in(self, request: web.Request) -> web.Response:
        """Vehicles from XML: `<fleet><vehicle plate=""><model/>...</vehicle></fleet>`."""
        client = self.house.caller(request)
        self.house.imports.take(client.name)
        if request.content_type not in {"application/xml", "text/xml"}:
            raise RefusedError(415, "Send application/xml.")
        root = self.house.fleet(await request.read())
        found = list(root.iterfind("vehicle"))
        if root.tag != "fleet" or not 0 < len(found) <= _MOST_IMPORTED:
            raise RefusedError(422, f"A fleet has 1 to {_MOST_IMPORTED} vehicles.")
        kept, skipped = [], []
        for element in found:
            made = vehicle_of(element, client.name)
            try:
                self._keep(made)
                kept.append(made.told())
            except RefusedError:
                skipped.append(made.plate)
        return web.json_response({"imported": kept, "skipped": skipped}, status=201)

    # --- papers -------------------------------------------------------------------------------

    async def papers(self, request: web.Request) -> web.Response:
        found = self._own(request).papers
        names, following = page(request, list(found))
        items = [{"filename": n, "type": found[n][0], "bytes": len(found[n][1])} for n in names]
        return web.json_response({"items": items, "next": following})

    async def file_paper(self, request: web.Request) -> web.Response:
        found, name = self._own(request), request.match_info["filename"]
        data = await request.read()
        if len(data) > _MOST_BYTES:
            raise RefusedError(413, "That is too much.")
        if name not in found.papers and len(found.papers) >= _MOST_PAPERS:
            raise RefusedError(409, "The vehicle has as many papers as it may have.")
        kind = self.house.paper(name, request.content_type, data)
        found.papers[name] = (kind, data)
        told = {"filename": name, "type": kind, "bytes": len(data)}
        return web.json_response(told, status=201)

    async def paper(self, request: web.Request) -> web.Response:
        name = request.match_info["filename"]
        found = self._own(request).papers.get(name)
        if found is None:
            raise RefusedError(404, "There is no such paper.")
        fields = self.house.paper_fields(name)
        return web.Response(body=found[1], content_type=found[0], headers=fields)


def _there(found: Vehicle | None) -> Vehicle:
    if found is None:
        raise RefusedError(404, "There is no such vehicle.")
    return found
