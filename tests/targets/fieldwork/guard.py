"""What stands around the views: protective headers, cross-origin rules, limits, errors."""

import re
import uuid
from collections.abc import Callable

import django
from django.http import HttpRequest, HttpResponse, JsonResponse
from ground.limits import Window

PORTAL = "https://portal.fieldwork.example"
MOST_BYTES = 64 * 1024
PROTECTIVE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
Next = Callable[[HttpRequest], HttpResponse]


def the_portal(origin: str) -> bool:
    """Whether pages of an origin may read answers."""
    return origin == PORTAL


def our_domain(origin: str) -> bool:
    """Whether pages of an origin may read answers."""
    return re.search(r"fieldwork\.example$", origin) is not None


def untold(response: HttpResponse) -> None:
    """Says nothing of what the service is built of."""


def told(response: HttpResponse) -> None:
    """Says what the service is built of."""
    response["Server"] = "waitress"
    response["X-Powered-By"] = f"Django/{django.get_version()}"


def kept_nowhere(_: HttpRequest, response: HttpResponse) -> None:
    """No cache keeps an answer."""
    response["Cache-Control"] = "no-store"


def kept_for_a_while(request: HttpRequest, response: HttpResponse) -> None:
    """Caches may spare us some requests."""
    reads = request.method == "GET" and response.status_code == 200
    response["Cache-Control"] = "public, max-age=300" if reads else "no-store"


class Guard:
    """Django middleware, the outermost. `strangers` limits requests that are not let in."""

    def __init__(
        self,
        following: Next,
        *,
        may_read: Callable[[str], bool],
        builder: Callable[[HttpResponse], None],
        cache: Callable[[HttpRequest, HttpResponse], None],
    ) -> None:
        self.following, self.may_read, self.builder, self.cache = (
            following, may_read, builder, cache,
        )  # fmt: skip
        self.strangers = Window(300, 3)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = request.headers.get("Origin", "")
        granted = bool(origin) and self.may_read(origin)
        response = self._answer(request, granted)
        for name, value in PROTECTIVE.items():
            response[name] = value
        self.cache(request, response)
        self.builder(response)
        response["X-Request-Id"] = str(uuid.uuid4())
        response["Vary"] = "Origin"
        if not response.streaming:
            response["Content-Length"] = str(len(response.content))
        if granted:
            response["Access-Control-Allow-Origin"] = origin
        return response

    def _answer(self, request: HttpRequest, granted: bool) -> HttpResponse:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            answer = HttpResponse(status=204 if granted else 403)
            if granted:
                answer["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
                answer["Access-Control-Allow-Headers"] = "X-Api-Key, Authorization, Content-Type"
                answer["Access-Control-Max-Age"] = "600"
            return answer
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return JsonResponse({"detail": "The body is too large"}, status=413)
        response = self.following(request)
        if response.status_code == 401:
            address = str(request.META.get("REMOTE_ADDR"))
            if wait := self.strangers.take(address):
                response = JsonResponse({"detail": "Too many requests"}, status=429)
                response["Retry-After"] = str(int(wait) + 1)
        return response


def not_found(*_: object, **__: object) -> HttpResponse:
    """Django's handler404."""
    return JsonResponse({"detail": "Not found."}, status=404)


def bad_request(*_: object, **__: object) -> HttpResponse:
    """Django's handler400."""
    return JsonResponse({"detail": "The request cannot be read."}, status=400)


def broken(_: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return JsonResponse({"detail": "Something went wrong on our side."}, status=500)
