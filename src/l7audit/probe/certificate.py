"""The certificate that a target shows, and whether a client that checks it would go on."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field

from l7audit.probe.handshake import Offer
from l7audit.probe.scope import Origin

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """`der` is the server's own certificate, empty where no handshake was made at all; `refused`
    is why a client does not accept it, in the words of our TLS library, empty where it does."""

    der: bytes = field(repr=False)
    refused: str


def shown(origin: Origin, trust: ssl.SSLContext) -> Shown:
    """Two handshakes: by a client that trusts anybody, and by one that trusts as `trust` does."""
    try:
        with _connected(origin, Offer().context()) as connection:
            der = connection.getpeercert(binary_form=True) or b""
    except OSError:
        return Shown(b"", "")
    try:
        _connected(origin, trust).close()
    except ssl.SSLCertVerificationError as error:
        return Shown(der, error.verify_message or "not accepted")
    except OSError as error:
        return Shown(der, str(getattr(error, "reason", "") or type(error).__name__))
    return Shown(der, "")


def _connected(origin: Origin, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection = socket.create_connection((origin.host, origin.port), _SECONDS)
    try:
        return context.wrap_socket(connection, server_hostname=origin.host)
    except OSError:
        connection.close()
        raise
