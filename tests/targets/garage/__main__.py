"""The garage: fleets have their vehicles looked after, from programs of their own.

OAuth2 client credentials or API keys that can be made and rotated, names as ids, OpenAPI 3.0 as
YAML, pages by cursor, jobs that are asked after, XML import. What is another client's is not there.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web
from garage.clients import Clients, Tokens
from garage.house import House
from garage.weak import plant
from garage.work_desk import build
from garage.yard import Vehicle, Yard
from ground.starting import Start


def furnish(house: House) -> None:
    """The clients that are there from the start, each with a key and two vehicles."""
    for name, secret, key, role in (
        ("blue-wheels", "bw-Secret-57e1c09ad2b84f16", "gk_bw_8f3b61d7c94a4e02b5d1", "fleet"),
        ("city-couriers", "cc-Secret-a41f7730e9c24b85", "gk_cc_27d90ce5f1b84a6698c3", "fleet"),
        ("front-office", "fo-Secret-e83d15b6047c4a9f", "gk_fo_b6e2490a7d3c4f518e17", "office"),
    ):
        client = house.clients.admit(name, secret, role)
        house.key_made(*house.clients.make_key(name, "first", key))
        for nth in (1, 2):
            plate = f"{name[0].upper()}-GA-{nth}"
            house.yard.vehicles[plate] = Vehicle(plate, client.name, "Kombi 2", 41_000 * nth)


async def serve(start: Start) -> None:
    house = House(Clients(), Tokens(), Yard(start.folder))
    more = plant(start, house)
    furnish(house)
    runner = web.AppRunner(build(house, more), access_log=None, keepalive_timeout=15)
    await runner.setup()
    await web.SockSite(runner, start.listener).start()
    start.announce()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    asyncio.run(serve(Start("garage")))
