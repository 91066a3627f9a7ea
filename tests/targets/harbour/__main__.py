"""The harbour: members book berths for their vessels.

OAuth2 password and refresh grants, opaque bearer tokens, UUIDs, OpenAPI 3.1. What is not there, or
is another member's, cannot be changed: the answer is 204, and nothing was done.
"""

from __future__ import annotations

from datetime import date

import uvicorn
from ground.starting import Start
from harbour.gate import Gate
from harbour.house import House
from harbour.members import Members, Tokens
from harbour.register import Register
from harbour.services import build
from harbour.weak import plant

DAY = date(2031, 6, 1)


class _Server(uvicorn.Server):
    """Says that it answers as soon as it does."""

    def __init__(self, config: uvicorn.Config, start: Start) -> None:
        super().__init__(config)
        self._start = start

    async def startup(self, sockets: list[object] | None = None) -> None:
        await super().startup(sockets)
        self._start.announce()


def furnish(house: House) -> None:
    """The members and berths that are there from the start, with something of each member's."""
    for email, password, name, role in (
        ("tilda@harbour.example", "slack-water-Runs-41", "Tilda Moor", "skipper"),
        ("jonas@harbour.example", "two-Reefs-tied-86", "Jonas Sund", "skipper"),
        ("master@harbour.example", "keeps-the-Quay-903", "Ingrid Kai", "master"),
    ):
        house.members.enrol(email, password, name, "+49 40 5550100", role)
    berths = [
        house.register.add_berth(f"{pier}{n:02}", f"Pier {pier}", 1800 + 100 * (n % 7))
        for pier in "ABCDEF"
        for n in range(1, 31)
    ]
    for nth, member in enumerate(house.members.by_id.values()):
        vessel = house.register.add_vessel(member.id, f"Seabird {nth + 1}", 920, f"DE-{4711 + nth}")
        berth = house.register.berth(berths[nth])
        assert berth is not None
        house.register.book(member.id, vessel["id"], berth, DAY, 2)


def main() -> None:
    start = Start("harbour")
    house = House(Members(), Tokens(), Register())
    furnish(house)
    more, finish = plant(start, house)
    gate: Gate = build(house, more)
    finish(gate)
    config = uvicorn.Config(
        gate, http="httptools", server_header=False, log_level="critical", lifespan="off",
        proxy_headers=False, timeout_keep_alive=15,
    )  # fmt: skip
    _Server(config, start).run(sockets=[start.listener])


if __name__ == "__main__":
    main()
