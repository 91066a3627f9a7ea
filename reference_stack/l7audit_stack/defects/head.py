"""Planted defects of response headers: what teams leave out, leave on or write down wrongly."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from l7audit_stack.api.security.headers import SecurityHeaders
from l7audit_stack.api.security.network import RequestIds
from l7audit_stack.defects.answers import Asked, Told, heads, wholes
from l7audit_stack.defects.defect import Defect

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


def _fixed(**changes: str) -> Callable[[Parts], Parts]:
    """The headers of all answers, with some of them changed; names with underscores."""

    def swap(parts: Parts) -> Parts:
        fixed = {**parts.headers.fixed, **{n.replace("_", "-"): v for n, v in changes.items()}}
        return replace(parts, headers=replace(parts.headers, fixed=fixed))

    return swap


def _none_at_all(parts: Parts) -> Parts:
    return replace(parts, headers=replace(parts.headers, enabled=False))


class _PublicCache(SecurityHeaders):
    def cache_control(self, status: int, *, private: bool) -> bytes:
        if private and status == 200:
            return b"public, max-age=60"
        return super().cache_control(status, private=private)


def _public_cache(parts: Parts) -> Parts:
    return replace(parts, headers=_PublicCache(parts.headers.fixed, parts.headers.enabled))


class _OneId(RequestIds):
    def of(self, headers: Mapping[str, str], *, from_proxy: bool) -> str:
        return "5f0c1d2e3b4a5968"


def _one_id(parts: Parts) -> Parts:
    return replace(parts, request_ids=_OneId())


# --- on the way out ---------------------------------------------------------------------------


def _cache_unsaid(asked: Asked, told: Told, _: Parts) -> Told:
    if asked.anonymous or told.status != 200:
        return told
    return told.without("cache-control")


def _signs_in(asked: Asked, told: Told) -> bool:
    """A success that hands out a credential: those of login and token operations."""
    return asked.method == "POST" and asked.anonymous and told.status == 200


def _token_may_be_stored(asked: Asked, told: Told, _: Parts) -> Told:
    if not _signs_in(asked, told):
        return told
    return told.put({"cache-control": "private, max-age=300"})


def _banners(_: Asked, told: Told, __: Parts) -> Told:
    return told.put({"server": "uvicorn/0.34.0", "x-powered-by": "Starlette"})


def _bare_cookie(asked: Asked, told: Told, _: Parts) -> Told:
    if not _signs_in(asked, told):
        return told
    return told.add(("set-cookie", f"session={secrets.token_hex(16)}; Path=/"))


def _sound_cookies(asked: Asked, told: Told, _: Parts) -> Told:
    if not _signs_in(asked, told):
        return told
    session = f"__Host-session={secrets.token_hex(16)}; Secure; HttpOnly; SameSite=Lax; Path=/"
    return told.add(("set-cookie", session), ("set-cookie", "locale=en-GB; Path=/; Max-Age=86400"))


def _errors_as_html_type(_: Asked, told: Told, __: Parts) -> Told:
    if told.status < 400:
        return told
    return told.put({"content-type": "text/html; charset=utf-8"})


def _plain_errors(_: Asked, told: Told, __: Parts) -> Told:
    if told.status not in {404, 405}:
        return told
    text = b"Not Found" if told.status == 404 else b"Method Not Allowed"
    return replace(told, body=text).put({"content-type": "text/plain"})


def _bare_errors(_: Asked, told: Told, __: Parts) -> Told:
    return told.without(*PROTECTIVE) if told.status >= 400 else told


def _frame_options_twice(_: Asked, told: Told, __: Parts) -> Told:
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


def _page_with_inline_scripts(asked: Asked, told: Told, _: Parts) -> Told:
    path = html.escape(asked.path)
    return _page(
        asked,
        told,
        f"<p>{path}</p><script>document.title = 'Oops'</script>",
        "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    )


def _friendly_error_page(asked: Asked, told: Told, _: Parts) -> Told:
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


def _correlation_mirrored(asked: Asked, told: Told, _: Parts) -> Told:
    return told.add(("x-correlation-id", _correlation(asked))) if _correlation(asked) else told


def _correlation_decoded(asked: Asked, told: Told, _: Parts) -> Told:
    # The server writes fields as they are, so a decoded line break ends one and starts another.
    decoded = unquote(_correlation(asked))
    plain = all(" " <= c <= "~" or c in "\r\n" for c in decoded) and "<" not in decoded
    return told.add(("x-correlation-id", decoded)) if decoded and plain else told


def _correlation_accepted(asked: Asked, told: Told, _: Parts) -> Told:
    given = _correlation(asked)
    harmless = re.fullmatch(r"[A-Za-z0-9-]{8,64}", given)
    return told.add(("x-correlation-id", given if harmless else secrets.token_hex(8)))


def _spelt_otherwise(asked: Asked, told: Told, _: Parts) -> Told:
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


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "head.none-at-all",
        "The layer that adds the security headers is switched off.",
        parts=_none_at_all,
    ),
    Defect(
        "head.hsts-for-minutes",
        "Browsers stay with TLS for five minutes, a value from the day it was tried out.",
        parts=_fixed(strict_transport_security="max-age=300"),
    ),
    Defect(
        "head.frame-options-obsolete",
        "Framing is ruled by ALLOW-FROM, which browsers ignore, and by no policy.",
        parts=_fixed(
            x_frame_options="ALLOW-FROM https://portal.example",
            content_security_policy="default-src 'none'; base-uri 'none'",
        ),
    ),
    Defect(
        "head.policy-permissive",
        "The content policy allows everything, so that nothing breaks.",
        parts=_fixed(
            content_security_policy="default-src * 'unsafe-inline' 'unsafe-eval'; "
            "frame-ancestors 'none'"
        ),
    ),
    Defect(
        "head.page-with-inline-scripts",
        "Browsers get errors as pages whose policy allows inline scripts.",
        wrap=wholes(_page_with_inline_scripts),
    ),
    Defect(
        "head.referrer-policy-unsafe",
        "Whole addresses are told to other sites.",
        parts=_fixed(referrer_policy="unsafe-url"),
    ),
    Defect(
        "head.permissions-for-all",
        "Camera, microphone and position are given to every frame.",
        parts=_fixed(permissions_policy="camera=*, geolocation=*, microphone=*"),
    ),
    Defect(
        "head.resource-policy-open",
        "Any site may embed what a caller signed in for.",
        parts=_fixed(cross_origin_resource_policy="cross-origin"),
    ),
    Defect(
        "head.cache-public",
        "Answers to signed-in callers may be stored by every cache for a minute.",
        parts=_public_cache,
    ),
    Defect(
        "head.cache-unsaid",
        "Answers to signed-in callers say nothing of caching.",
        wrap=heads(_cache_unsaid),
    ),
    Defect(
        "head.token-may-be-stored",
        "Answers with a new token may be kept for five minutes.",
        wrap=heads(_token_may_be_stored),
    ),
    Defect(
        "head.banners",
        "Answers name the server with its version, and the framework.",
        wrap=heads(_banners),
    ),
    Defect(
        "head.script-filter-on",
        "The retired script filter of old browsers is switched on.",
        parts=_fixed(x_xss_protection="1; mode=block"),
    ),
    Defect(
        "head.session-cookie-bare",
        "Signing in sets a session cookie without any attribute that protects it.",
        wrap=heads(_bare_cookie),
    ),
    Defect(
        "head.json-as-html",
        "Errors in JSON are declared as pages.",
        wrap=heads(_errors_as_html_type),
    ),
    Defect(
        "head.text-without-charset",
        "The router's own errors are text without a charset.",
        wrap=wholes(_plain_errors),
    ),
    Defect(
        "head.errors-bare",
        "Errors are made outside the layer that adds the security headers.",
        wrap=heads(_bare_errors),
    ),
    Defect(
        "head.frame-options-twice",
        "Two layers add X-Frame-Options, with different values.",
        wrap=heads(_frame_options_twice),
    ),
    Defect(
        "head.request-id-repeats",
        "The id of answers is made once, when the process starts.",
        parts=_one_id,
    ),
    Defect(
        "head.correlation-id-mirrored",
        "Whatever a caller sends as correlation id comes back in a header.",
        wrap=heads(_correlation_mirrored),
    ),
    Defect(
        "head.header-from-decoded-text",
        "A caller's correlation id is percent-decoded into a header, line breaks too.",
        wrap=heads(_correlation_decoded),
    ),
    Defect(
        "head.spelt-otherwise",
        "The same protection in other words: order, case, quotes, several policies, other headers.",
        near_miss=True,
        wrap=heads(_spelt_otherwise),
    ),
    Defect(
        "head.friendly-error-page",
        "Browsers get errors as pages whose scripts run by nonce, from a layer of its own.",
        near_miss=True,
        wrap=wholes(_friendly_error_page),
    ),
    Defect(
        "head.cookies-sound",
        "Signing in sets a protected session cookie, and one for the language that pages read.",
        near_miss=True,
        wrap=heads(_sound_cookies),
    ),
    Defect(
        "head.correlation-id-accepted",
        "A caller's correlation id comes back if it is short and harmless.",
        near_miss=True,
        wrap=heads(_correlation_accepted),
    ),
)
