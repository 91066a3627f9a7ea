"""What stands before the office: sizes, origins, protective headers, limits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
MOST_HEAD = 16 * 1024
ORIGINS = frozenset({"https://harbour.example"})
PROTECTIVE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cache-Control": "no-store",
    "Vary": "Origin",
}


class Limit:
    """At most `most` takes a key within `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._taken: dict[str, list[float]] = {}

    def wait(self, key: str) -> int:
        """Seconds until the next take of this key is admitted; 0 for now."""
        now = time.monotonic()
        kept = [at for at in self._taken.get(key, []) if at > now - self._seconds]
        self._taken[key] = kept
        return 0 if len(kept) < self._most else math.ceil(kept[0] + self._seconds - now) or 1

    def note(self, key: str) -> None:
        self._taken.setdefault(key, []).append(time.monotonic())

    def take(self, key: str) -> None:
        """Takes one, or refuses with 429."""
        if seconds := self.wait(key):
            raise too_often(seconds)
        self.note(key)


def too_often(seconds: int) -> HTTPException:
    return HTTPException(429, "You ask too often.", {"Retry-After": str(seconds)})


def answer_cors(origin: str) -> dict[str, str]:
    """The CORS fields for an origin: none for strangers."""
    return {"Access-Control-Allow-Origin": origin} if origin in ORIGINS else {}


class Gate:
    """The outermost part. `cors` may be another one.

    `identify` names the member of a request; members are limited one by one, strangers by address.
    """

    def __init__(self, app: ASGIApp, identify: Callable[[Headers], str | None]) -> None:
        self._app = app
        self._identify = identify
        self.cors = answer_cors
        self._callers = Limit(200, 4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        fields = PROTECTIVE | self.cors(headers.get("origin", ""))

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in fields.items():
                    answered[name] = value
            await send(message)

        if scope["method"] == "OPTIONS":
            await self._preflight(headers)(scope, receive, protected)
            return
        if sum(len(name) + len(value) for name, value in headers.raw) > MOST_HEAD:
            refusal = JSONResponse({"detail": "The head is too large."}, 431)
            await refusal(scope, receive, protected)
            return
        client = scope["client"][0] if scope["client"] else "?"
        caller = self._identify(headers) or f"from {client}"
        if seconds := self._callers.wait(caller):
            retry = {"Retry-After": str(seconds)}
            refusal = JSONResponse({"detail": "You ask too often."}, 429, retry)
            await refusal(scope, receive, protected)
            return
        self._callers.note(caller)
        await self._app(scope, self._bounded(receive), protected)

    @staticmethod
    def _bounded(receive: Receive) -> Receive:
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise HTTPException(413, "That is too much.")
            return message

        return bounded

    def _preflight(self, headers: Headers) -> Response:
        fields = self.cors(headers.get("origin", ""))
        if not fields:
            return Response(status_code=403)
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=allowed)
