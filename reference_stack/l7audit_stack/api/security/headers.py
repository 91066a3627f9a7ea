"""Security headers: on every answer, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

Header = tuple[bytes, bytes]

RECOMMENDED: Mapping[str, str] = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "permissions-policy": "accelerometer=(), camera=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), payment=(), usb=()",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
}


@dataclass(frozen=True)
class SecurityHeaders:
    """The fields added to answers. `fixed` are the same on all; caching depends on the answer."""

    fixed: Mapping[str, str] = field(default_factory=lambda: RECOMMENDED)
    enabled: bool = True

    @cached_property
    def _fixed(self) -> tuple[Header, ...]:
        return tuple((name.encode(), value.encode()) for name, value in self.fixed.items())

    def for_answer(self, status: int, *, private: bool) -> tuple[Header, ...]:
        """Fields of an answer with this status; `private` says that a credential was sent."""
        return self._fixed if self.enabled else ()

    def cache_control(self, status: int, *, private: bool) -> bytes:
        """Nothing is cached unless a handler says so for an answer that is nobody's."""
        return b"no-store"
