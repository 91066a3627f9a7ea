"""Careless ways to match origins and to answer them, each a `Cors` that differs in one thing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from l7audit_stack.api.security.cors import Cors, Header

# --- matching ---------------------------------------------------------------------------------


class AnyOrigin(Cors):
    """Everybody."""

    def allows(self, origin: str) -> bool:
        return True


class Localhost(Cors):
    """Developers' machines too."""

    def allows(self, origin: str) -> bool:
        local = re.fullmatch(r"https?://(localhost|127\.0\.0\.1)(:\d+)?", origin)
        return bool(local) or super().allows(origin)


class Null(Cors):
    """The null origin too."""

    def allows(self, origin: str) -> bool:
        return origin == "null" or super().allows(origin)


class Prefix(Cors):
    """What starts with an allowed origin."""

    def allows(self, origin: str) -> bool:
        return origin.startswith(tuple(self.origins))


class Suffix(Cors):
    """What ends with an allowed host."""

    def allows(self, origin: str) -> bool:
        hosts = tuple(o.partition("://")[2] for o in self.origins)
        return origin.startswith("https://") and origin.endswith(hosts)


class UnescapedDot(Cors):
    """Allowed origins as patterns."""

    def allows(self, origin: str) -> bool:
        return any(re.fullmatch(pattern, origin) for pattern in self.origins)


class AnySubDomain(Cors):
    """Sub-domains of allowed hosts too."""

    def allows(self, origin: str) -> bool:
        hosts = "|".join(re.escape(o.partition("://")[2]) for o in self.origins)
        return bool(re.fullmatch(rf"https://([a-z0-9-]+\.)*({hosts})", origin))


class AnyScheme(Cors):
    """Host and port alone."""

    def allows(self, origin: str) -> bool:
        hosts = {o.partition("://")[2] for o in self.origins}
        return origin.partition("://")[2] in hosts


class Unanchored(Cors):
    """What a pattern reads from the start of an origin."""

    def allows(self, origin: str) -> bool:
        found = re.match(r"https?://[a-z0-9.-]+", origin)
        return found is not None and found.group() in self.origins


# --- answering --------------------------------------------------------------------------------


class ListOfAll(Cors):
    """All origins in one grant."""

    def _grant(self, origin: str) -> list[Header]:
        listed = ", ".join(sorted(self.origins)).encode()
        return [(n, listed if n.endswith(b"-origin") else v) for n, v in super()._grant(origin)]


class Capitalised(Cors):
    """Python's True for true."""

    def _grant(self, origin: str) -> list[Header]:
        return [
            (n, b"True" if n.endswith(b"-credentials") else v) for n, v in super()._grant(origin)
        ]


class VaryWhenAllowed(Cors):
    """Vary only beside a grant."""

    def for_answer(self, origin: str | None) -> list[Header]:
        return super().for_answer(origin) if origin and self.allows(origin) else []


class FirstOfList(Cors):
    """An allowed origin told to those that are not."""

    def for_answer(self, origin: str | None) -> list[Header]:
        allowed = origin is not None and self.allows(origin)
        return super().for_answer(origin if allowed else min(self.origins))


# --- preflights -------------------------------------------------------------------------------

_METHODS = b"access-control-allow-methods"
_HEADERS = b"access-control-allow-headers"


def _wanted(headers: Mapping[str, str]) -> list[Header]:
    return [
        (_METHODS, headers.get("access-control-request-method", "").encode("latin-1")),
        (_HEADERS, headers.get("access-control-request-headers", "").encode("latin-1")),
    ]


class Mirror(Cors):
    """Whatever allowed origins ask for."""

    def for_preflight(self, origin: str, headers: Mapping[str, str]) -> tuple[bool, list[Header]]:
        plain = {"access-control-request-method": "GET"}
        permitted, found = super().for_preflight(origin, plain)
        if not permitted:
            return permitted, found
        kept = [f for f in found if f[0] not in {_METHODS, _HEADERS}]
        return True, [*kept, *_wanted(headers)]


class MirrorToRefused(Cors):
    """What refused origins ask for, told back."""

    def for_preflight(self, origin: str, headers: Mapping[str, str]) -> tuple[bool, list[Header]]:
        permitted, found = super().for_preflight(origin, headers)
        return permitted, found if self.allows(origin) else [*found, *_wanted(headers)]


class AnotherLibrary(Cors):
    """The same policy with another library's habits."""

    def allows(self, origin: str) -> bool:
        return super().allows(origin.lower())

    def vary(self) -> list[Header]:
        return [(b"vary", b"accept-encoding, origin")]

    def for_preflight(self, origin: str, headers: Mapping[str, str]) -> tuple[bool, list[Header]]:
        permitted, found = super().for_preflight(origin, headers)
        lists = [
            (_METHODS, ", ".join(self.methods).encode()),
            (_HEADERS, ", ".join(self.request_headers).encode()),
        ]
        return permitted, (
            [f for f in found if f[0] != b"access-control-max-age"]
            if permitted
            else [*found, *lists]
        )
