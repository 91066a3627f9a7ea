"""How callers reach the target: which TLS it agrees to, and that it agrees to nothing less."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind, Place
from l7audit.probe.handshake import Offer, possible

_OLD = {
    "TLS 1.0": Offer(ssl.TLSVersion.TLSv1, "ALL"),
    "TLS 1.1": Offer(ssl.TLSVersion.TLSv1_1, "ALL"),
}
_TODAY = Offer()
_CBC_SHA1 = (
    "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA"
)
_WEAK = {
    "no encryption": Offer(ssl.TLSVersion.TLSv1_2, "eNULL"),
    "no proof of who answers": Offer(ssl.TLSVersion.TLSv1_2, "aNULL"),
    "no forward secrecy (static RSA)": Offer(ssl.TLSVersion.TLSv1_2, "kRSA"),
    "CBC with SHA-1": Offer(ssl.TLSVersion.TLSv1_2, _CBC_SHA1),
    "triple DES": Offer(ssl.TLSVersion.TLSv1_2, "3DES"),
}
_PORT = Place(operation="TLS")


def with_tls(check: Check) -> None:
    """Ends the check where there is no TLS to judge; on a network that is a violation."""
    parts = urlsplit(check.target.base_url)
    if parts.scheme == "https":
        return
    if _stays_here(parts.hostname or ""):
        check.not_applicable("The target is on this machine alone, and speaks no TLS.")
    check.witness("the target has an address", True, once=True)
    check.violation(_PORT, "The target is reached without any encryption.", expected="TLS")
    check.inconclusive("There is no TLS to judge.")


def _stays_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _expect_refused(check: Check, offers: dict[str, Offer], part: str, statement: str) -> None:
    """Expects that none of these is agreed to; what we can't offer ourselves is told."""
    with_tls(check)
    check.witness("TLS of today is agreed to", lambda: check.probe.handshake(_TODAY).made)
    tried = 0
    for name, offer in offers.items():
        if not possible(offer):
            check.observe(f"Not tried, since our own TLS library can't offer it: {name}.")
            continue
        agreed = check.probe.handshake(offer)
        if not agreed.reached:
            check.inconclusive(f"The target was not reached: {agreed.error}.")
        tried += 1
        check.expect(
            not agreed.made,
            Place(operation="TLS", part=f"{part} {name}"),
            f"{statement}: {name}.",
            expected="an alert, and no connection",
            seen=f"{agreed.version} with {agreed.cipher}",
        )
    if not tried:
        check.inconclusive("Our own TLS library can offer none of what should be refused.")


@pytest.mark.control("CRYPT-01")
def test_old_versions_of_tls_are_refused(check: Check) -> None:
    _expect_refused(check, _OLD, "version", "A version of TLS that was withdrawn is agreed to")


@pytest.mark.control("CRYPT-02")
def test_weak_ciphers_are_refused(check: Check) -> None:
    _expect_refused(check, _WEAK, "cipher", "A cipher that protects too little is agreed to")


@pytest.mark.control("CRYPT-03")
def test_nothing_is_answered_in_the_clear(check: Check) -> None:
    with_tls(check)
    surface = check.surface(Kind.PUBLIC_READ)
    request = surface.request()
    check.witness("the same is answered over TLS", lambda: check.send(request))
    heard = check.probe.in_the_clear(request)
    words = heard.split(b"\r\n", 1)[0].split()
    answered = len(words) > 1 and words[0].startswith(b"HTTP/") and words[1].startswith(b"2")
    check.expect(
        not answered,
        surface.place("without TLS"),
        "The target answers requests that are not encrypted.",
        expected="no answer, an error, or a redirection to https",
        seen=words[1].decode("latin-1", "replace")[:20] if answered else "",
    )
