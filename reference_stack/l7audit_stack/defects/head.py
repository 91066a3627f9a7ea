"""Planted defects of response headers: what teams leave out, leave on or write down wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from l7audit_stack.api.security.headers import SecurityHeaders
from l7audit_stack.api.security.network import RequestIds
from l7audit_stack.defects import careless_headers as careless
from l7audit_stack.defects.answers import heads, wholes
from l7audit_stack.defects.defect import Defect

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts


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
        wrap=wholes(careless.page_with_inline_scripts),
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
        wrap=heads(careless.cache_unsaid),
    ),
    Defect(
        "head.token-may-be-stored",
        "Answers with a new token may be kept for five minutes.",
        wrap=heads(careless.token_may_be_stored),
    ),
    Defect(
        "head.banners",
        "Answers name the server with its version, and the framework.",
        wrap=heads(careless.banners),
    ),
    Defect(
        "head.script-filter-on",
        "The retired script filter of old browsers is switched on.",
        parts=_fixed(x_xss_protection="1; mode=block"),
    ),
    Defect(
        "head.session-cookie-bare",
        "Signing in sets a session cookie without any attribute that protects it.",
        wrap=heads(careless.bare_cookie),
    ),
    Defect(
        "head.json-as-html",
        "Errors in JSON are declared as pages.",
        wrap=heads(careless.errors_as_html_type),
    ),
    Defect(
        "head.text-without-charset",
        "The router's own errors are text without a charset.",
        wrap=wholes(careless.plain_errors),
    ),
    Defect(
        "head.errors-bare",
        "Errors are made outside the layer that adds the security headers.",
        wrap=heads(careless.bare_errors),
    ),
    Defect(
        "head.frame-options-twice",
        "Two layers add X-Frame-Options, with different values.",
        wrap=heads(careless.frame_options_twice),
    ),
    Defect(
        "head.request-id-repeats",
        "The id of answers is made once, when the process starts.",
        parts=_one_id,
    ),
    Defect(
        "head.correlation-id-mirrored",
        "Whatever a caller sends as correlation id comes back in a header.",
        wrap=heads(careless.correlation_mirrored),
    ),
    Defect(
        "head.header-from-decoded-text",
        "A caller's correlation id is percent-decoded into a header, line breaks too.",
        wrap=heads(careless.correlation_decoded),
    ),
    Defect(
        "head.spelt-otherwise",
        "The same protection in other words: order, case, quotes, several policies, other headers.",
        near_miss=True,
        wrap=heads(careless.spelt_otherwise),
    ),
    Defect(
        "head.friendly-error-page",
        "Browsers get errors as pages whose scripts run by nonce, from a layer of its own.",
        near_miss=True,
        wrap=wholes(careless.friendly_error_page),
    ),
    Defect(
        "head.cookies-sound",
        "Signing in sets a protected session cookie, and one for the language that pages read.",
        near_miss=True,
        wrap=heads(careless.sound_cookies),
    ),
    Defect(
        "head.correlation-id-accepted",
        "A caller's correlation id comes back if it is short and harmless.",
        near_miss=True,
        wrap=heads(careless.correlation_accepted),
    ),
)
