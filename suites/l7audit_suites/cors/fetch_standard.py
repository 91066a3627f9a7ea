"""What a browser makes of CORS answers: the Fetch Standard's algorithms as pure functions.

Sections named here are those of https://fetch.spec.whatwg.org. A header that looks wrong but that a
browser reads as a refusal is a refusal here too, so that nobody is alarmed by what cannot harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from l7audit.probe.answer import Headers

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"

SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
"""Need no permission of a preflight (2.2.1)."""

DEFAULT_MAX_AGE = 5
"""Seconds a preflight is remembered where the answer does not say (4.8)."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANK = " \t\r\n"


class Sharing(StrEnum):
    """With whom a browser shares an answer, as seen by one origin."""

    NOBODY = "nobody"
    ANONYMOUS = "without credentials"
    CREDENTIALED = "with credentials"


def value(headers: Headers, name: str) -> str | None:
    """Fetch's `get`: all values of a header joined by a comma and a space; None if absent."""
    found = headers.get_all(name)
    return ", ".join(v.strip(_BLANK) for v in found) if found else None


def cors_check(origin: str, headers: Headers, *, credentials: bool) -> bool:
    """Whether a page of that origin may read the answer (4.10, "CORS check")."""
    granted = value(headers, ALLOW_ORIGIN)
    if granted is None:
        return False
    if granted == "*" and not credentials:
        return True
    if granted != origin:
        return False
    return not credentials or value(headers, ALLOW_CREDENTIALS) == "true"


def sharing(origin: str, headers: Headers) -> Sharing:
    """The most that a page of that origin may read."""
    if cors_check(origin, headers, credentials=True):
        return Sharing.CREDENTIALED
    if cors_check(origin, headers, credentials=False):
        return Sharing.ANONYMOUS
    return Sharing.NOBODY


def listed(headers: Headers, name: str) -> list[str] | None:
    """Fetch's `extract header list values` for a list of tokens; None where it does not parse.

    An absent header is an empty list.
    """
    combined = value(headers, name)
    if combined is None:
        return []
    members = [member.strip(" \t") for member in combined.split(",")]
    members = [member for member in members if member]
    return members if all(_TOKEN.fullmatch(m) for m in members) else None


def max_age(headers: Headers) -> int:
    """Seconds for which a preflight's answer asks to be remembered (4.8)."""
    text = value(headers, MAX_AGE)
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,18}", text) else DEFAULT_MAX_AGE


def preflight_refusal(
    origin: str,
    method: str,
    unsafe_headers: Iterable[str],
    status: int | None,
    headers: Headers,
    *,
    credentials: bool,
) -> str:
    """Why a browser would not send the announced request (4.8); empty where it would send it.

    `unsafe_headers` are the names of those that are not CORS-safelisted.
    """
    if not cors_check(origin, headers, credentials=credentials):
        return "the origin is not granted"
    if status is None or not 200 <= status <= 299:
        return f"the preflight's status is {status}, not 2xx"
    methods, names = listed(headers, ALLOW_METHODS), listed(headers, ALLOW_HEADERS)
    if methods is None or names is None:
        return "the list of methods or headers does not parse"
    wild_method = "*" in methods and not credentials
    if method not in methods and method not in SAFELISTED_METHODS and not wild_method:
        return f"the method {method} is not permitted"
    permitted = {name.lower() for name in names}
    wild_header = "*" in permitted and not credentials
    for name in unsafe_headers:
        wanted = name.lower()
        # Authorization is the one name that the wildcard never covers (2.2.2).
        if wanted not in permitted and (not wild_header or wanted == "authorization"):
            return f"the header {name} is not permitted"
    return ""


def varies_by(headers: Headers, name: str) -> bool:
    """Whether `Vary` tells caches that the answer depends on a request header (RFC 9110 12.5.5)."""
    members = {member.lower() for member in headers.values_of("Vary")}
    return "*" in members or name.lower() in members
