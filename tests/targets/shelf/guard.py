"""What stands before the desk: sizes, cross-origin rules, protective headers, quotas."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from shelf.quotas import Quotas
from shelf.readers import Reader
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 32 * 1024
MOST_HEAD = 32 * 1024
_VERBS = "GET, POST, PUT, DELETE"
_FIELDS = "authorization, content-type, x-shelf-access"
_SHOWN = "RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"

Identify = Callable[[Headers], Reader | None]


class Guard:
    """The outermost part. `identify` tells who a request is from; `None` is anybody."""

    def __init__(self, app: ASGIApp, identify: Identify, origins: frozenset[str]) -> None:
        self._app = app
        self._identify = identify
        self._origins = origins
        self._quotas = Quotas()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        fields = self._protective(scope["scheme"], headers.get("origin", ""))

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in fields.items():
                    answered[name] = value
            await send(message)

        if scope["method"] == "OPTIONS":
            await self._preflight(headers)(scope, receive, protected)
            return
        reader = self._identify(headers)
        if reader is not None:
            admitted, told = self._quotas.take(reader.ref, reader.quota, reader.window)
        else:
            client = scope["client"][0] if scope["client"] else "?"
            admitted, told = self._quotas.take(f"from {client}", 300, 6)
        fields.update(told)
        if not admitted:
            refusal = JSONResponse({"fault": "You ask too often."}, 429)
            await refusal(scope, receive, protected)
            return
        if sum(len(name) + len(value) for name, value in headers.raw) > MOST_HEAD:
            refusal = JSONResponse({"fault": "That is too much."}, 431)
            await refusal(scope, receive, protected)
            return
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

    def _protective(self, scheme: str, origin: str) -> dict[str, str]:
        fields = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Vary": "Origin",
            "X-Request-Id": secrets.token_hex(12),
        }
        if scheme == "https":
            fields["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        if origin in self._origins:
            fields["Access-Control-Allow-Origin"] = origin
            fields["Access-Control-Expose-Headers"] = _SHOWN
        return fields

    def _preflight(self, headers: Headers) -> Response:
        if headers.get("origin") not in self._origins:
            return Response(status_code=403)
        allowed = {
            "Access-Control-Allow-Methods": _VERBS,
            "Access-Control-Allow-Headers": _FIELDS,
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=allowed)
