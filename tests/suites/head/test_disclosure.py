"""Banners."""

from __future__ import annotations

import pytest

from l7audit_suites.head.disclosure import banners


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Server", "nginx/1.25.3"),
        ("server", "uvicorn 0.34.0"),
        ("Server", "Apache (Debian)"),
        ("X-Powered-By", "Express"),
        ("x-aspnet-version", "4.0.30319"),
        ("Via", "1.1 varnish (Varnish/7.1)"),
        ("X-Envoy-Upstream-Service-Time", "3"),
        ("X-Served-By", "cache-7.2.1"),
    ],
)
def test_what_names_versions_or_frameworks_is_a_banner(name: str, value: str) -> None:
    assert [n for n, _ in banners([(name, value)])] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Server", "envoy"),
        ("Server", ""),
        ("Server", "cloudflare"),
        ("Via", "1.1 edge, 2 front"),
        ("Via", "HTTP/1.1 edge"),
        ("API-Version", "2024-01-01"),
        ("X-API-Version", "3.2"),
        ("X-Request-Id", "1.2.3"),
        ("X-B3-TraceId", "80f198ee56343ba8"),
        ("Content-Type", "application/json"),
    ],
)
def test_what_names_a_product_or_an_interface_only_is_none(name: str, value: str) -> None:
    assert banners([(name, value)]) == []
