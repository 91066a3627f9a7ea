"""The smaller security headers, each judged as browsers read it: a sentence, or empty if sound."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import http_sf
import msgspec

REFERRER_POLICIES = frozenset(
    [
        "no-referrer",
        "no-referrer-when-downgrade",
        "same-origin",
        "origin",
        "strict-origin",
        "origin-when-cross-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    ]
)
_DISCREET = frozenset(
    ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"]
)

POWERFUL = ("camera", "geolocation", "microphone", "payment", "usb")
"""Features that a page should not have for the asking."""

SINGLETONS = (
    "Content-Type",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Cross-Origin-Resource-Policy",
    "Cross-Origin-Opener-Policy",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
)
"""Headers of which browsers take one value; several fields, or several members, are a mistake.

Content-Security-Policy, Referrer-Policy and Cache-Control may come more than once and add up.
"""


def nosniff_fault(values: Sequence[str]) -> str:
    """The first member counts, without case (Fetch 3.6)."""
    first = ",".join(values).split(",")[0].strip().lower()
    if not first:
        return "Browsers may guess another content type than the declared one."
    if first != "nosniff":
        return f"Browsers ignore X-Content-Type-Options: {first!r}."
    return ""


def referrer_fault(values: Sequence[str]) -> str:
    """The last policy that a browser knows counts (Referrer Policy 8.1)."""
    members = [m.strip().lower() for m in ",".join(values).split(",")]
    known = [m for m in members if m in REFERRER_POLICIES]
    if not known:
        return "The answer has no Referrer-Policy."
    if known[-1] not in _DISCREET:
        return f"The Referrer-Policy {known[-1]} tells other sites more than the origin."
    return ""


def permissions_fault(values: Sequence[str]) -> str:
    """A structured dictionary (Permissions Policy 5.2); `*` gives a feature to every frame."""
    text = ", ".join(values)
    if not text.strip():
        return "The answer has no Permissions-Policy."
    try:
        members: Any = http_sf.parse(text.encode("latin-1"), tltype="dictionary")
    except (http_sf.StructuredFieldError, UnicodeEncodeError, RecursionError):
        return "Browsers ignore the Permissions-Policy: it does not parse."
    allowed = {name: _allowlist(member[0]) for name, member in members.items()}
    wide = [f for f in POWERFUL if "*" in allowed.get(f, [])]
    if wide:
        return f"Every frame may use {', '.join(wide)}."
    if not any(allowed.get(f) == [] for f in POWERFUL):
        return "The Permissions-Policy takes no powerful feature away."
    return ""


def _allowlist(value: object) -> list[str]:
    """An inner list's members, or the single one, as texts."""
    return [str(item) for item, _ in value] if isinstance(value, list) else [str(value)]


def resource_policy_fault(values: Sequence[str]) -> str:
    """Who may embed the answer (Fetch 3.7): exactly one of three words, with case."""
    text = ", ".join(v.strip() for v in values)
    if not text:
        return (
            "Any site may load the answer into its own process (no Cross-Origin-Resource-Policy)."
        )
    if text == "cross-origin":
        return "The Cross-Origin-Resource-Policy lets any site embed what a caller signed in for."
    if text not in {"same-origin", "same-site"}:
        return f"Browsers ignore Cross-Origin-Resource-Policy: {text!r}."
    return ""


def opener_policy_fault(values: Sequence[str]) -> str:
    """Whether a page keeps its window from others (HTML 7.1.3); a structured token."""
    word = values[0].split(";")[0].strip() if len(values) == 1 else ""
    if word in {"same-origin", "same-origin-allow-popups", "noopener-allow-popups"}:
        return ""
    return "Another site's window keeps a handle on the page (no Cross-Origin-Opener-Policy)."


def filter_fault(values: Sequence[str]) -> str:
    """X-XSS-Protection: the filters that it switched on could be turned against the page."""
    for value in values:
        if value.split(";")[0].strip() not in {"0", ""}:
            return f"X-XSS-Protection is on ({value}): old browsers' filters were open to attacks."
    return ""


def content_type_fault(values: Sequence[str], body: bytes) -> str:
    """Whether the declared type is there, fits the body and names a charset where it is text."""
    if not body:
        return ""
    if not values or not values[0].strip():
        return "The answer has a body and no Content-Type."
    media, *parameters = [p.strip() for p in values[0].split(";")]
    media = media.lower()
    if not re.fullmatch(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", media):
        return f"The Content-Type {values[0]!r} is no media type."
    if _is_json(body) and media in {"text/html", "application/xhtml+xml", "image/svg+xml"}:
        return f"JSON is declared as {media}, which browsers render."
    if re.fullmatch(r"application/([\w.+-]+\+)?json", media) and not _parses(body):
        return f"The body is declared as {media} and is not JSON."
    charset = any(p.lower().startswith("charset=") for p in parameters)
    if media.startswith("text/") and media not in {"text/event-stream"} and not charset:
        return f"The Content-Type {media} names no charset."
    return ""


def _is_json(body: bytes) -> bool:
    """Whether it is a JSON object or array; a bare word or number is any text."""
    return body.lstrip()[:1] in {b"{", b"["} and _parses(body)


def _parses(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def doubled(headers: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """The headers of `SINGLETONS` that come with more than one value."""
    found: dict[str, list[str]] = {}
    for name in SINGLETONS:
        lines = [v.strip() for n, v in headers if n.lower() == name.lower()]
        # A comma within one line makes several values too, but dates and types may hold one.
        members = [m.strip() for line in lines for m in line.split(",")]
        if len(lines) > 1 or (name != "Content-Type" and len(members) > 1):
            found[name] = lines
    return found
