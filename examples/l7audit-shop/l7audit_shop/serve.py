"""The shop as a service in a process of its own; it ends when its standard input does.

The first line it reads is JSON: who has which key, and what is planted. The first line it writes
is its address.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from l7audit_shop.defects import assembled
from l7audit_shop.shop import PRICES, RefusedError, Shop

KEY_HEADER = "X-Shop-Key"
MOST_BYTES = 10_000

_ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "buyer": {"type": "string"},
        "sku": {"type": "string"},
        "quantity": {"type": "integer"},
        "price": {"type": "integer"},
        "total": {"type": "integer"},
    },
}
_WISH = {
    "type": "object",
    "required": ["sku", "quantity"],
    "properties": {
        "sku": {"type": "string", "enum": list(PRICES)},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 100},
    },
}
_KEYED: Any = {"security": [{"key": []}]}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _answer(schema: Any) -> Any:
    return {"description": "It is so", "content": {"application/json": {"schema": schema}}}


_ORDERS = {"type": "array", "items": _ORDER}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": KEY_HEADER}}
    },
    "paths": {
        "/products": {"get": {"security": [], "responses": {"200": _answer({"type": "object"})}}},
        "/orders": {
            "get": {**_KEYED, "responses": {"200": _answer(_ORDERS)}},
            "post": {
                **_KEYED,
                "requestBody": {"content": {"application/json": {"schema": _WISH}}},
                "responses": {"201": _answer(_ORDER)},
            },
        },
        "/orders/{id}": {
            "get": {**_KEYED, "parameters": [_ID], "responses": {"200": _answer(_ORDER)}},
            "delete": {
                **_KEYED,
                "parameters": [_ID],
                "responses": {"204": {"description": "It is cancelled"}},
            },
        },
    },
}


class Counter(BaseHTTPRequestHandler):
    """Takes requests and passes them to the shop, one at a time."""

    protocol_version = "HTTP/1.1"
    shop: Shop
    buyers: dict[str, str]
    lock = threading.Lock()

    def _serve(self) -> None:
        try:
            with self.lock:
                status, said = self._said()
        except RefusedError as refused:
            status, said = refused.status, {"error": str(refused)}
        body = b"" if status == 204 else json.dumps(said).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", f'ApiKey header="{KEY_HEADER}"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server looks for

    def _said(self) -> tuple[int, Any]:
        wish = self._wish()
        path = self.path.partition("?")[0].rstrip("/")
        if (self.command, path) == ("GET", "/openapi.json"):
            return 200, DOCUMENT
        if (self.command, path) == ("GET", "/products"):
            return 200, PRICES
        buyer = self.buyers.get(self.headers.get(KEY_HEADER, ""))
        if buyer is None:
            raise RefusedError(401, f"Show your key in {KEY_HEADER}.")
        folder, _, name = path.removeprefix("/").partition("/")
        match self.command, folder, name:
            case "GET", "orders", "":
                return 200, self.shop.orders_of(buyer)
            case "POST", "orders", "":
                return 201, self.shop.place(buyer, wish)
            case "GET", "orders", _:
                return 200, self.shop.shown(buyer, name)
            case "DELETE", "orders", _:
                self.shop.cancel(buyer, name)
                return 204, None
        raise RefusedError(404, "There is nothing here.")

    def _wish(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            raise RefusedError(413, f"A body has at most {MOST_BYTES} bytes.")
        body = self.rfile.read(int(length)) or b"{}"
        try:
            wish = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, "The body is not JSON.") from error
        if not isinstance(wish, dict):
            raise RefusedError(422, "An order is an object.")
        return wish

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def main() -> None:
    """Serves until standard input ends."""
    settings = json.loads(sys.stdin.readline())
    Counter.shop = assembled(settings["planted"])
    Counter.buyers = settings["buyers"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Counter) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        sys.stdin.read()
