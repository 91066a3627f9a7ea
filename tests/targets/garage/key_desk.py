"""The desk for tokens, keys and clients."""

from __future__ import annotations

import base64
import binascii
import re

from aiohttp import web
from garage.asking import RefusedError, members, misfit, page
from garage.clients import LIFETIME, Client, Key
from garage.house import House, office_only

_MOST_KEYS = 20
_PLANS = ("basic", "plus", "fleet")
_MAIL = re.compile(r"[A-Za-z0-9._-]{1,40}@[A-Za-z0-9-]{1,40}\.[a-z]{2,10}", re.ASCII)


def shown(client: Client) -> dict[str, object]:
    return {
        "name": client.name, "role": client.role, "plan": client.plan, "contact": client.contact,
    }  # fmt: skip


def _oauth_error(error: str, status: int = 400) -> web.Response:
    challenge = {"WWW-Authenticate": 'Basic realm="garage"'} if status == 401 else None
    return web.json_response({"error": error}, status=status, headers=challenge)


class KeyDesk:
    """OAuth2 client credentials (RFC 6749), and API keys that can be made and rotated."""

    def __init__(self, house: House) -> None:
        self.house = house

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/oauth/token", self.token),
            web.get("/client", self.client),
            web.patch("/client", self.change_client),
            web.get("/keys", self.keys),
            web.post("/keys", self.make_key),
            web.post("/keys/{key}/rotation", self.rotate),
            web.delete("/keys/{key}", self.withdraw),
            web.get("/office/clients", self.clients),
            web.put("/office/clients/{client}/plan", self.plan),
        ]

    async def token(self, request: web.Request) -> web.Response:
        if request.content_type != "application/x-www-form-urlencoded":
            return _oauth_error("invalid_request")
        try:
            form = await request.post()
        except ValueError:
            return _oauth_error("invalid_request")
        name, secret = str(form.get("client_id", "")), str(form.get("client_secret", ""))
        if "Authorization" in request.headers:
            name, secret = _basic(request.headers["Authorization"])
        if form.get("grant_type") != "client_credentials":
            return _oauth_error("unsupported_grant_type")
        if len(name) > 200 or len(secret) > 200:
            return _oauth_error("invalid_request")
        key = f"{request.remote} {name}"
        self.house.guesses.check(key)
        found = self.house.clients.known(name, secret)
        if found is None:
            self.house.guesses.note(key)
            return _oauth_error("invalid_client", 401)
        told = {
            "access_token": self.house.tokens.issue(found.name), "token_type": "Bearer",
            "expires_in": LIFETIME,
        }  # fmt: skip
        return web.json_response(told, headers={"Pragma": "no-cache"})

    async def client(self, request: web.Request) -> web.Response:
        caller = self.house.caller(request)
        return web.json_response(shown(caller), headers=self.house.own_page_fields)

    async def change_client(self, request: web.Request) -> web.Response:
        caller = self.house.caller(request)
        body = await members(request, {"contact"}, set())
        if not isinstance(body["contact"], str) or not _MAIL.fullmatch(body["contact"]):
            raise misfit("contact")
        caller.contact = body["contact"]
        return web.json_response(shown(caller))

    # --- keys ---------------------------------------------------------------------------------

    async def keys(self, request: web.Request) -> web.Response:
        caller, held = self.house.caller(request), self.house.clients.keys
        names, following = page(request, [n for n, k in held.items() if k.client == caller.name])
        items = [self.house.key_shown(held[n]) for n in names]
        return web.json_response({"items": items, "next": following})

    async def make_key(self, request: web.Request) -> web.Response:
        caller, clients = self.house.caller(request), self.house.clients
        label = (await members(request, {"label"}, set()))["label"]
        if not isinstance(label, str) or not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", label, re.ASCII):
            raise misfit("label")
        if f"{caller.name}.{label}" in clients.keys:
            raise RefusedError(409, "You have a key of this label.")
        if sum(k.client == caller.name for k in clients.keys.values()) >= _MOST_KEYS:
            raise RefusedError(409, "You have as many keys as a client may have.")
        return self._handed_out(*clients.make_key(caller.name, label), status=201)

    def _handed_out(self, key: Key, secret: str, status: int = 200) -> web.Response:
        self.house.key_made(key, secret)
        told = {**key.told(), "secret": secret}
        return web.json_response(told, status=status)

    async def rotate(self, request: web.Request) -> web.Response:
        caller = self.house.caller(request)
        key = self.house.key_to_rotate(caller.name, request.match_info["key"])
        if key is None:
            raise RefusedError(404, "There is no such key.")
        secret = self.house.clients.rotate(key)
        return self._handed_out(self.house.clients.keys[key.name], secret)

    async def withdraw(self, request: web.Request) -> web.Response:
        caller = self.house.caller(request)
        key = self.house.own_key(caller.name, request.match_info["key"])
        if key is None:
            raise RefusedError(404, "There is no such key.")
        self.house.withdraw(key)
        return web.Response(status=204)

    # --- the office ---------------------------------------------------------------------------

    async def clients(self, request: web.Request) -> web.Response:
        office_only(self.house.caller(request))
        names, following = page(request, list(self.house.clients.by_name))
        items = [shown(self.house.clients.by_name[n]) for n in names]
        return web.json_response({"items": items, "next": following})

    async def plan(self, request: web.Request) -> web.Response:
        self.house.plans(self.house.caller(request))
        body = await members(request, {"plan"}, set())
        if body["plan"] not in _PLANS:
            raise misfit("plan")
        found = self.house.clients.by_name.get(request.match_info["client"])
        if found is None:
            raise RefusedError(404, "There is no such client.")
        found.plan = body["plan"]
        return web.json_response(shown(found))


def _basic(header: str) -> tuple[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, secret
