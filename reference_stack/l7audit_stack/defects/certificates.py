"""Planted defects of what the edge shows for itself: other certificates in place of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from l7audit_stack.defects.defect import Defect
from l7audit_stack.deploy.certificates import Authority, PrivateKey, key_pem, pem

Bootstrap = dict[str, Any]
Shown = tuple[bytes, PrivateKey]
"""The chain that is sent, and the key of its first certificate."""


def _curve() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _rsa() -> PrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _context(bootstrap: Bootstrap) -> dict[str, Any]:
    chain = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]
    context: dict[str, Any] = chain["transport_socket"]["typed_config"]["common_tls_context"]
    return context


def _showing(make: Callable[[Authority], Shown], *ciphers: str) -> Callable[[Bootstrap], Bootstrap]:
    def rewrite(bootstrap: Bootstrap) -> Bootstrap:
        context = _context(bootstrap)
        files = context["tls_certificates"][0]
        folder = Path(files["certificate_chain"]["filename"]).parent
        chain, key = make(Authority.read(folder / "ca.pem", folder / "ca.key"))
        context["tls_certificates"] = [
            {
                "certificate_chain": {"inline_string": chain.decode()},
                "private_key": {"inline_string": key_pem(key).decode()},
            }
        ]
        if ciphers:
            context["tls_params"] |= {
                "tls_maximum_protocol_version": "TLSv1_2",
                "cipher_suites": list(ciphers),
            }
        return bootstrap

    return rewrite


def _self_signed(_: Authority) -> Shown:
    """Signed by an authority that nobody knows."""
    key = _curve()
    return pem(Authority.new("nobody").sign(key)), key


def _expired(authority: Authority) -> Shown:
    key, made = _curve(), datetime.now(UTC) - timedelta(days=8)
    return pem(authority.sign(key, made=made)), key


def _other_name(authority: Authority) -> Shown:
    key = _curve()
    return pem(authority.sign(key, ("other.l7audit.example",))), key


def _by_intermediate(*, sent: bool) -> Callable[[Authority], Shown]:
    def make(authority: Authority) -> Shown:
        key = _curve()
        between = Authority.new("l7audit intermediate", above=authority)
        own = between.sign(key)
        return pem(own, between.certificate) if sent else pem(own), key

    return make


def _lasting(days: int, new_key: Callable[[], PrivateKey]) -> Callable[[Authority], Shown]:
    def make(authority: Authority) -> Shown:
        key = new_key()
        return pem(authority.sign(key, lifetime=timedelta(days=days))), key

    return make


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="certificates.self-signed",
        summary="The edge's certificate is signed by an authority that nobody knows.",
        edge=_showing(_self_signed),
    ),
    Defect(
        name="certificates.expired",
        summary="The edge's certificate ended yesterday.",
        edge=_showing(_expired),
    ),
    Defect(
        name="certificates.other-name",
        summary="The edge's certificate is for another name.",
        edge=_showing(_other_name),
    ),
    Defect(
        name="certificates.chain-incomplete",
        summary="The edge does not send the certificate between its own and the authority's.",
        edge=_showing(_by_intermediate(sent=False)),
    ),
    Defect(
        name="certificates.chain-complete",
        summary="The edge's certificate has one between it and the authority, which is sent.",
        near_miss=True,
        edge=_showing(_by_intermediate(sent=True)),
    ),
    Defect(
        name="certificates.for-ten-years",
        summary="The edge's certificate lasts for ten years.",
        edge=_showing(_lasting(3650, _curve)),
    ),
    Defect(
        name="certificates.rsa-for-a-year",
        summary="The edge's certificate has an RSA key and lasts for a year.",
        near_miss=True,
        edge=_showing(_lasting(365, _rsa)),
    ),
    Defect(
        name="certificates.static-rsa",
        summary="The edge agrees to a cipher without forward secrecy.",
        edge=_showing(_lasting(90, _rsa), "ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"),
    ),
)
