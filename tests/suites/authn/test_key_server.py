from __future__ import annotations

import httpx

from l7audit_suites.authn.key_server import serving
from l7audit_suites.authn.own_keys import own_key


def test_it_serves_our_keys_and_remembers_who_fetched_them() -> None:
    key = own_key("EdDSA")
    with serving(key) as server:
        assert httpx.get(server.jwks_url).json() == {"keys": [key.jwk]}
        assert httpx.get(server.certificate_url).text.startswith("-----BEGIN CERTIFICATE")
        assert httpx.get(server.jwks_url + "x").status_code == 404
        assert server.fetched == ["/keys.json", "/certificate.pem", "/keys.jsonx"]


def test_nothing_listens_after_the_block() -> None:
    with serving(own_key("EdDSA")) as server:
        url = server.jwks_url
    try:
        httpx.get(url, timeout=2)
    except httpx.TransportError:
        return
    raise AssertionError("somebody still listens")
