"""The garage's parts and rules. `weak.py` names the parts that can be put in their place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from garage.asking import Limit, RefusedError
from garage.clients import Client, Clients, Key, Tokens
from garage.yard import Vehicle, Yard, copies, fleet, manual, meaning, paper, paper_fields, parts

KEY_HEADER = "X-Api-Key"
PROTECTIVE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cache-Control": "no-store",
    "Vary": "Authorization, X-Api-Key",
}


def key_shown(key: Key) -> dict[str, object]:
    return key.told()


def office_only(client: Client) -> None:
    if client.role != "office":
        raise RefusedError(403, "That is for the office.")


def key_given(request: web.Request) -> list[str]:
    """The API keys that a request shows."""
    return request.headers.getall(KEY_HEADER, [])


@dataclass
class House:
    """What the desks work with. Each part may be another one."""

    clients: Clients
    tokens: Tokens
    yard: Yard
    guesses: Limit = field(default_factory=lambda: Limit(20, 60))
    imports: Limit = field(default_factory=lambda: Limit(30, 60))
    jobs: Limit = field(default_factory=lambda: Limit(30, 60))
    diagnoses: Limit = field(default_factory=lambda: Limit(60, 60))

    vehicle_to_read: Callable[[str, str], Vehicle | None] = field(init=False)
    vehicle_to_remove: Callable[[str, str], Vehicle | None] = field(init=False)
    key_to_rotate: Callable[[str, str], Key | None] = field(init=False)
    withdraw: Callable[[Key], None] = field(init=False)
    result_reader: Callable[[web.Request], str | None] = field(init=False)
    manual: Callable[[Path, str], bytes | None] = manual
    parts: Callable[[Any, str], list[Any]] = parts
    fleet: Callable[[bytes], Any] = fleet
    paper: Callable[[str, str, bytes], str] = paper
    paper_fields: Callable[[str], dict[str, str]] = paper_fields
    meaning: Callable[[Path, str], Awaitable[str]] = meaning
    copies: Callable[[object], int] = copies
    plans: Callable[[Client], None] = office_only
    key_shown: Callable[[Key], dict[str, object]] = key_shown
    key_made: Callable[[Key, str], None] = lambda _key, _secret: None
    key_given: Callable[[web.Request], list[str]] = key_given
    own_page_fields: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.vehicle_to_read = self.vehicle_to_remove = self.yard.own
        self.key_to_rotate = self.own_key
        self.withdraw = self.clients.withdraw
        self.result_reader = lambda request: self.caller(request).name

    def own_key(self, client: str, name: str) -> Key | None:
        found = self.clients.keys.get(name)
        return found if found and found.client == client else None

    def identified(self, request: web.Request) -> Client | None:
        """The client of a request, by one token or one key."""
        keys, tokens = self.key_given(request), request.headers.getall("Authorization", [])
        found: Client | None = None
        if len(keys) == 1 and not tokens:
            found = self.clients.holder(keys[0])
        elif len(tokens) == 1 and not keys:
            scheme, _, token = tokens[0].partition(" ")
            name = self.tokens.holder(token) if scheme.lower() == "bearer" else None
            found = self.clients.by_name.get(name or "")
        return found

    def caller(self, request: web.Request) -> Client:
        """The client of a request; 401 for everything else."""
        found = self.identified(request)
        if found is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="garage"'}
            raise RefusedError(401, "Show an access token or an API key.", challenge)
        return found
