"""Edits of answers on their way out: what careless layers add, leave out or write otherwise."""

from __future__ import annotations

import html
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from l7audit_stack.defects.answers import Asked, Told

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

POLICY = "content-security-policy"
PROTECTIVE = (
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    POLICY,
    "referrer-policy",
)


def cache_unsaid(asked: Asked, told: Told, _: Parts) -> Told:
    """Nothing of caching on answers to signed-in callers."""
    if asked.anonymous or told.status != 200:
        return told
    return told.without("cache-control")


def _signs_in(asked: Asked, told: Told) -> bool:
    """A success that hands out a credential: those of login and token operations."""
    return asked.method == "POST" and asked.anonymous and told.status == 200


def token_may_be_stored(asked: Asked, told: Told, _: Parts) -> Told:
    """New tokens for browsers to keep."""
    if not _signs_in(asked, told):
        return told
    return told.put({"cache-control": "private, max-age=300"})


def banners(_: Asked, told: Told, __: Parts) -> Told:
    """Server with its version, and the framework."""
    return told.put({"server": "uvicorn/0.34.0", "x-powered-by": "Starlette"})


def bare_cookie(asked: Asked, told: Told, _: Parts) -> Told:
    """A session cookie without any attribute."""
    if not _signs_in(asked, told):
        return told
    return told.add(("set-cookie", f"session={secrets.token_hex(16)}; Path=/"))


def sound_cookies(asked: Asked, told: Told, _: Parts) -> Told:
    """A protected session cookie, and the language."""
    if not _signs_in(asked, told):
        return told
    session = f"__Host-session={secrets.token_hex(16)}; Secure; HttpOnly; SameSite=Lax; Path=/"
    return told.add(("set-cookie", session), ("set-cookie", "locale=en-GB; Path=/; Max-Age=86400"))


def errors_as_html_type(_: Asked, told: Told, __: Parts) -> Told:
    """JSON declared as a page."""
    if told.status < 400:
        return told
    return told.put({"content-type": "text/html; charset=utf-8"})


def plain_errors(_: Asked, told: Told, __: Parts) -> Told:
    """The router's own errors, as text."""
    if told.status not in {404, 405}:
        return told
    text = b"Not Found" if told.status == 404 else b"Method Not Allowed"
    return replace(told, body=text).put({"content-type": "text/plain"})


def bare_errors(_: Asked, told: Told, __: Parts) -> Told:
    """Errors without protective headers."""
    return told.without(*PROTECTIVE) if told.status >= 400 else told


def frame_options_twice(_: Asked, told: Told, __: Parts) -> Told:
    """What another layer adds once more."""
    return told.add(("x-frame-options", "SAMEORIGIN"))


def _page(asked: Asked, told: Told, script: str, policy: str) -> Told:
    """An error as a page, for those whose browser asks for one."""
    if told.status < 400 or "text/html" not in asked.headers.get("accept", ""):
        return told
    title = f"Error {told.status}"
    page = f"<!doctype html><title>{title}</title><h1>{title}</h1>{script}"
    return replace(told, body=page.encode()).put(
        {"content-type": "text/html; charset=utf-8", POLICY: policy}
    )


def page_with_inline_scripts(asked: Asked, told: Told, _: Parts) -> Told:
    """Errors as pages for browsers, with inline scripts."""
    path = html.escape(asked.path)
    return _page(
        asked,
        told,
        f"<p>{path}</p><script>document.title = 'Oops'</script>",
        "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    )


def friendly_error_page(asked: Asked, told: Told, _: Parts) -> Told:
    """Errors as pages for browsers, whose scripts run by nonce."""
    nonce = secrets.token_urlsafe(16)
    paged = _page(
        asked,
        told,
        f'<script nonce="{nonce}">document.title = "Oops"</script>',
        f"default-src 'none'; script-src 'nonce-{nonce}' 'unsafe-inline'; frame-ancestors 'none'",
    )
    if told.status < 400:
        return told
    # Made by another layer, so worded otherwise; some headers that data needs are left out.
    return paged.without("x-frame-options", "permissions-policy").put(
        {
            "strict-transport-security": "max-age=31536000",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin-allow-popups",
        }
    )


def _correlation(asked: Asked) -> str:
    return asked.headers.get("x-correlation-id", "")


def correlation_mirrored(asked: Asked, told: Told, _: Parts) -> Told:
    """The caller's text as it came."""
    return told.add(("x-correlation-id", _correlation(asked))) if _correlation(asked) else told


def correlation_decoded(asked: Asked, told: Told, _: Parts) -> Told:
    """The caller's text percent-decoded and written out as it is."""
    value, *lines = re.split(r"[\r\n]+", unquote(_correlation(asked)))
    if not re.fullmatch(r"[A-Za-z0-9 -]+", value):
        return told
    # The server refuses line breaks in a field, so what they would start is spelt out here.
    started = (line.partition(":") for line in lines if ":" in line)
    fields = ((name.strip().lower(), rest.strip()) for name, _, rest in started)
    return told.add(("x-correlation-id", value), *fields)


def correlation_accepted(asked: Asked, told: Told, _: Parts) -> Told:
    """The caller's id if it is harmless, else one of ours."""
    given = _correlation(asked)
    harmless = re.fullmatch(r"[A-Za-z0-9-]{8,64}", given)
    return told.add(("x-correlation-id", given if harmless else secrets.token_hex(8)))


def spelt_otherwise(asked: Asked, told: Told, _: Parts) -> Told:
    """The same protection as another team would write it down."""
    public = asked.anonymous and asked.method == "GET"
    other = told.without("x-frame-options", "cache-control", POLICY).put(
        {
            "strict-transport-security": 'IncludeSubDomains ; MAX-AGE="31536000"',
            "x-content-type-options": "NoSniff",
            "referrer-policy": "no-referrer, strict-origin-when-cross-origin",
            "permissions-policy": 'geolocation=(self "https://a.example"), usb=( ), fullscreen=*',
            "cross-origin-resource-policy": "cross-origin" if public else "same-site",
            "x-xss-protection": "0",
            "server": "envoy",
        }
    )
    other = other.add(
        (POLICY, "default-src 'none'"), (POLICY, "frame-ancestors 'none'; form-action 'none'")
    )
    if asked.anonymous:
        other = other.add(("cache-control", "max-age=0"), ("cache-control", "No-Store"))
    else:
        other = other.add(("cache-control", "Private"), ("cache-control", "no-cache, max-age=0"))
    if told.get("content-type") == "application/json":
        other = other.put({"content-type": "application/json; charset=utf-8"})
    return other
