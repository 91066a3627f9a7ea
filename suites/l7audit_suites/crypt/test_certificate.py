"""Who the target says it is: the certificate that it shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.certificate import Shown
from l7audit_suites.crypt.certificates import lifetime, remaining, weaknesses
from l7audit_suites.crypt.test_transport import with_tls

_PLACE = Place(operation="TLS", part="certificate")
_LAST_PART = 0.05
"""The share of its life after which nobody can rely on a renewal that is still to come."""


def _shown(check: Check) -> Shown:
    with_tls(check)
    shown = check.probe.certificate()
    check.witness("a client that trusts anybody is shown a certificate", bool(shown.der), once=True)
    return shown


@pytest.mark.control("CRYPT-08")
def test_the_certificate_is_accepted_by_clients_that_check(check: Check) -> None:
    shown = _shown(check)
    check.expect(
        not shown.refused,
        _PLACE,
        f"Clients that check the certificate do not accept it: {shown.refused}.",
        expected="the right name, a chain to an authority that clients know, and time left",
        seen=shown.refused,
    )


@pytest.mark.control("CRYPT-09")
def test_the_certificate_is_of_today(check: Check) -> None:
    shown = _shown(check)
    try:
        certificate = x509.load_der_x509_certificate(shown.der)
    except ValueError:
        check.inconclusive("The certificate can't be read.")
    found = weaknesses(certificate)
    check.expect(
        not found,
        _PLACE,
        f"The certificate has {', '.join(found)}.",
        expected="RSA of 2048 bits, a curve of 256 or more, SHA-256 or more, 825 days at most",
    )
    left, whole = remaining(certificate, datetime.now(UTC)), lifetime(certificate)
    if left < whole * _LAST_PART:
        check.observe(f"The certificate ends in {left.total_seconds() / 3600:.0f} hours.")
