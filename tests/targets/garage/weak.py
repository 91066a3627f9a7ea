"""The weaknesses that can be planted in the garage: each is another part in a part's place."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import urllib.request
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from garage.asking import RefusedError, whole
from garage.clients import EndlessTokens, Key
from garage.house import House, key_given
from garage.yard import Vehicle
from ground.starting import Start
from lxml import etree

_COMMANDS = (
    "grep", "sleep", "id", "cat", "uname", "expr", "head", "ls", "whoami", "hostname", "env", "wc",
)  # fmt: skip
_SECONDS = 6


def joined_manual(folder: Path, path: str) -> bytes | None:
    try:
        return Path(f"{folder}/{path}").read_bytes()
    except (OSError, ValueError):
        return None


def any_paper(_name: str, kind: str, _data: bytes) -> str:
    return kind


async def shell_meaning(folder: Path, code: str) -> str:
    """A line for the shell. Its commands are few, short-lived, and write no file."""
    commands = folder / "bin"
    if not commands.exists():
        commands.mkdir()
        for name in _COMMANDS:
            if found := shutil.which(name):
                (commands / name).symlink_to(found)
    process = await asyncio.create_subprocess_shell(
        f"ulimit -f 0; grep -i {code} codes.txt", cwd=folder, env={"PATH": str(commands)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    except TimeoutError as error:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise RefusedError(504, "The codes take too long to read.") from error
    return output[:20_000].decode(errors="replace")


class _Loopback(etree.Resolver):
    """Fetches what an entity names on loopback; beyond it nothing is ever asked."""

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:
        if not system_url.startswith(("http:", "https:")):
            return None
        try:
            inside = ip_address(urlsplit(system_url).hostname or "").is_loopback
            if inside:
                with urllib.request.urlopen(system_url, timeout=2) as answer:
                    return self.resolve_string(answer.read(10_000), context)
        except (OSError, ValueError):
            return self.resolve_empty(context)
        return self.resolve_empty(context)


def open_fleet(data: bytes) -> Any:
    """A parser that follows entities out of the document."""
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=True)
    parser.resolvers.add(_Loopback())
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise RefusedError(400, "That is not XML.") from error


def written_parts(tree: Any, maker: str) -> list[Any]:
    try:
        found = tree.xpath(f"//part[@listed='yes' and @maker='{maker}']")
    except etree.XPathError as error:
        raise RefusedError(400, "The parts cannot be looked through so.") from error
    return list(found) if isinstance(found, list) else []


def plant(start: Start, house: House) -> list[web.RouteDef]:
    """Chooses the parts; gives further routes."""
    part, yard, clients = start.part, house.yard, house.clients

    def any_vehicle(_: str, ref: str) -> Vehicle | None:
        return yard.vehicles.get(ref)

    secrets: dict[str, str] = {}

    def remember(key: Key, secret: str) -> None:
        secrets[key.name] = secret

    def with_secret(key: Key) -> dict[str, object]:
        return {**key.told(), "secret": secrets.get(key.name, "")}

    def key_anywhere(request: web.Request) -> list[str]:
        return key_given(request) or request.query.getall("api_key", [])

    house.vehicle_to_read = part("GG-01", house.vehicle_to_read, any_vehicle)
    house.vehicle_to_remove = part("GG-02", house.vehicle_to_remove, any_vehicle)
    house.key_to_rotate = part("GG-03", house.key_to_rotate, lambda _, name: clients.keys.get(name))
    house.manual = part("GG-04", house.manual, joined_manual)
    house.paper = part("GG-05", house.paper, any_paper)
    house.paper_fields = part("GG-05", house.paper_fields, lambda _: {})
    house.meaning = part("GG-06", house.meaning, shell_meaning)
    house.fleet = part("GG-07", house.fleet, open_fleet)
    house.parts = part("GG-08", house.parts, written_parts)
    house.tokens = part("GG-09", house.tokens, EndlessTokens())
    house.result_reader = part("GG-10", house.result_reader, lambda _: None)
    house.plans = part("GG-11", house.plans, lambda _: None)
    house.copies = part("GG-12", house.copies, lambda given: whole(given, "copies", 1, 50_000))
    house.key_shown = part("GG-13", house.key_shown, with_secret)
    house.key_made = part("GG-13", house.key_made, remember)
    house.own_page_fields = part(
        "GG-16", house.own_page_fields, {"Cache-Control": "public, max-age=300", "Vary": "Accept"}
    )
    house.withdraw = part("GG-17", house.withdraw, clients.hide)
    house.key_given = part("GG-19", house.key_given, key_anywhere)

    async def config(_: web.Request) -> web.Response:
        told = {"folder": str(yard.folder), "python_path": os.environ.get("PYTHONPATH", "")}
        return web.json_response({"config": told | {"database_password": "not-the-real-one-71f2"}})

    async def history(request: web.Request) -> web.Response:
        found = yard.vehicles.get(request.match_info["plate"])
        if found is None:
            raise RefusedError(404, "There is no such vehicle.")
        visits = [{"day": "2030-03-01", "work": "oil", "mileage_km": found.mileage_km}]
        return web.json_response({"vehicle": found.told(), "visits": visits})

    async def environment(_: web.Request) -> web.Response:
        words = "GARAGE_DB_PASSWORD=not-the-real-one-71f2\nGARAGE_TOKEN_KEY=nor-this-one-20c9\n"
        return web.Response(text=words)

    pages: list[tuple[str, str, Callable[[web.Request], Any]]] = [
        ("GG-14", "/debug/config", config),
        ("GG-15", "/vehicles/{plate}/history", history),
        ("GG-18", "/.env", environment),
    ]
    return [route for ref, path, page in pages for route in part(ref, [], [web.get(path, page)])]
