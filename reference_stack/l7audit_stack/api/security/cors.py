"""Cross-origin rules: exact origins of the environment, nothing derived from the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Cors:
    """Which origins may read answers, and what a preflight permits. `max_age` is seconds."""

    origins: frozenset[str]
    methods: tuple[str, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
    request_headers: tuple[str, ...] = ("authorization", "content-type", "x-api-key")
    exposed_headers: tuple[str, ...] = (
        "X-Request-Id",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "Location",
    )
    max_age: int = 600
    credentials: bool = True

    def allows(self, origin: str) -> bool:
        """Byte for byte: no pattern, no suffix, no case folding, and never `null`."""
        return origin != "null" and origin in self.origins

    def vary(self) -> list[Header]:
        """On every answer, so that no cache mixes what was allowed with what was refused."""
        return [(b"vary", b"Origin")]

    def for_answer(self, origin: str | None) -> list[Header]:
        """The fields of an ordinary answer, error or not."""
        if origin is None or not self.allows(origin):
            return self.vary()
        exposed = ", ".join(self.exposed_headers).encode()
        return [*self.vary(), *self._grant(origin), (b"access-control-expose-headers", exposed)]

    def for_preflight(self, origin: str, headers: Mapping[str, str]) -> tuple[bool, list[Header]]:
        """Whether the announced request is permitted, and the fields to answer with."""
        vary = [(b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")]
        method = headers.get("access-control-request-method", "")
        wanted = headers.get("access-control-request-headers", "")
        if not (self.allows(origin) and self._method(method) and self._headers(wanted)):
            return False, vary
        return True, [
            *vary,
            *self._grant(origin),
            (b"access-control-allow-methods", ", ".join(self.methods).encode()),
            (b"access-control-allow-headers", ", ".join(self.request_headers).encode()),
            (b"access-control-max-age", str(self.max_age).encode()),
        ]

    def _grant(self, origin: str) -> list[Header]:
        grant = [(b"access-control-allow-origin", origin.encode("latin-1"))]
        if self.credentials:
            grant.append((b"access-control-allow-credentials", b"true"))
        return grant

    def _method(self, method: str) -> bool:
        return method in self.methods or method == "HEAD"

    def _headers(self, wanted: str) -> bool:
        names = (name.strip().lower() for name in wanted.split(",") if name.strip())
        return all(name in self.request_headers for name in names)
