"""Headers that tell an attacker what the service is built of.

The names are those of the OWASP Secure Headers Project's list of headers to remove which name a
product or an inner address; tracing ids on that list are no banner and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMING = frozenset(
    name.lower()
    for name in [
        "$wsep",
        "Host-Header",
        "K-Proxy-Request",
        "Liferay-Portal",
        "OracleCommerceCloud-Version",
        "Pega-Host",
        "Powered-By",
        "Product",
        "SourceMap",
        "X-AspNet-Version",
        "X-AspNetMvc-Version",
        "X-BEServer",
        "X-Backside-Transport",
        "X-CF-Powered-By",
        "X-CMS",
        "X-CalculatedBETarget",
        "X-Cocoon-Version",
        "X-Content-Encoded-By",
        "X-DiagInfo",
        "X-Envoy-Attempt-Count",
        "X-Envoy-External-Address",
        "X-Envoy-Internal",
        "X-Envoy-Original-Dst-Host",
        "X-Envoy-Upstream-Service-Time",
        "X-FEServer",
        "X-Framework",
        "X-Generated-By",
        "X-Generator",
        "X-Jitsi-Release",
        "X-Joomla-Version",
        "X-Kong-Admin-Latency",
        "X-Kong-Proxy-Latency",
        "X-Kong-Upstream-Latency",
        "X-Mod-Pagespeed",
        "X-OWA-Version",
        "X-OneAgent-JS-Injection",
        "X-Page-Speed",
        "X-Php-Version",
        "X-Powered-By",
        "X-Powered-By-Plesk",
        "X-Powered-CMS",
        "X-Redirect-By",
        "X-Runtime",
        "X-Server-Powered-By",
        "X-SourceFiles",
        "X-SourceMap",
        "X-Turbo-Charged-By",
        "X-Umbraco-Version",
        "X-Varnish-Backend",
        "X-Varnish-Server",
        "X-Woodpecker-Version",
    ]
)
"""Give something away by their presence."""

PRODUCTS = frozenset({"server", "via", "x-served-by", "x-cache", "x-via"})
"""May name a product, but not its version or an inner address."""

_VERSION = re.compile(r"(?:[A-Za-z][\w.+-]*/v?\d[\w.+-]*)|(?:\bv?\d+\.\d+(?:\.\d+)*\b)|\([^)]*\)")
_VIA_PROTOCOL = re.compile(r"(^|,)\s*(?:HTTP/)?\d(?:\.\d)?\s+", re.I)


def banners(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers that name a product's version, a framework or an inner part, with the reason."""
    found: list[tuple[str, str]] = []
    for name, value in headers:
        lowered = name.lower()
        if lowered in NAMING:
            found.append((name, f"The header {name} tells what the service is built of."))
        elif lowered in PRODUCTS:
            # Via starts each member with the protocol's own version, which is no banner.
            text = _VIA_PROTOCOL.sub(r"\1", value) if lowered == "via" else value
            if _VERSION.search(text):
                found.append((name, f"The header {name} tells a version: {value!r}."))
    return found
