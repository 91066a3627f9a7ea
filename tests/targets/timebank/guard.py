"""What stands before the routes: sizes, types, cross-origin rules, protective headers, errors."""

import logging
import traceback
import uuid
from collections.abc import Callable

from ground.limits import Window
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

APP = "https://app.timebank.example"
MOST_BYTES = 32 * 1024
PROTECTIVE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_log = logging.getLogger("timebank")


def only_the_app(origin: str) -> dict[str, str]:
    """The web application may read answers, with tokens but no cookies."""
    return {"Access-Control-Allow-Origin": APP} if origin == APP else {}


def whoever_asks(origin: str) -> dict[str, str]:
    """Partners embed the API in pages of their own."""
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}


def quiet(_: Request, error: Exception) -> Response:
    """An error of ours: told to the log, not to the caller."""
    _log.error("unexpected", exc_info=error)
    return JSONResponse({"detail": "Something went wrong on our side"}, 500)


def talkative(_: Request, error: Exception) -> Response:
    """An error of ours, with all that helps to find it."""
    return PlainTextResponse("".join(traceback.format_exception(error)), 500)


class Guard:
    """ASGI around the application. `limit` is for those who are not signed in."""

    def __init__(
        self,
        app: ASGIApp,
        cross_origin: Callable[[str], dict[str, str]],
        limit: Window,
    ) -> None:
        self.app, self.cross_origin, self.limit = app, cross_origin, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("Origin", "")
        granted = self.cross_origin(origin) if origin else {}
        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                answer = MutableHeaders(scope=message)
                answer.update({**PROTECTIVE, "X-Request-Id": str(uuid.uuid4())})
                answer.update(granted)
                answer.add_vary_header("Origin")
            await send(message)

        try:
            early = self._early(scope, headers, granted)
            if early is not None:
                await early(scope, receive, dressed)
                return
            await self.app(scope, _bounded(receive), dressed)
        except _TooLargeError:
            await JSONResponse({"detail": "The body is too large"}, 413)(scope, receive, dressed)
        except Exception:
            if not started:  # the framework raises again what it has answered
                raise

    def _early(self, scope: Scope, headers: Headers, granted: dict[str, str]) -> Response | None:
        """What is answered before any route is asked."""
        if "Authorization" not in headers and (wait := self.limit.take(scope["client"][0])):
            again = {"Retry-After": str(int(wait) + 1)}
            return JSONResponse({"detail": "Too many requests"}, 429, again)
        if scope["method"] == "OPTIONS" and "Access-Control-Request-Method" in headers:
            if not granted:
                return Response(status_code=403)
            return Response(
                status_code=204,
                headers={
                    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
                    "Access-Control-Allow-Headers": "Authorization, Content-Type",
                    "Access-Control-Max-Age": "600",
                },
            )
        length = headers.get("Content-Length", "0")
        if length.isdecimal() and int(length) > MOST_BYTES:
            return JSONResponse({"detail": "The body is too large"}, 413)
        kind = headers.get("Content-Type", "").split(";")[0].strip().lower()
        has_body = length != "0" or "Transfer-Encoding" in headers
        if has_body and kind != "application/json":
            return JSONResponse({"detail": "Send application/json"}, 415)
        return None


class _TooLargeError(Exception):
    """A body without a length that went on for too long."""


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            raise _TooLargeError
        return message

    return bounded
