"""TLS handshakes as a check offers them, and bytes in the clear where TLS is expected.

What our own library can't offer says nothing of the target: `possible` tries an offer on ourselves.
"""

from __future__ import annotations

import socket
import ssl
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from l7audit.probe.scope import Origin

_SECONDS = 5.0
_MOST = 65_536


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client says it can do: one version of TLS, and ciphers as OpenSSL writes them."""

    version: ssl.TLSVersion | None = None
    ciphers: str = ""

    def context(self) -> ssl.SSLContext:
        """A client of this offer that trusts anybody: only the agreement counts. Errors:
        `ssl.SSLError`, `ValueError` where our library knows none of it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return self._limited(context)

    def _limited(self, context: ssl.SSLContext) -> ssl.SSLContext:
        if self.ciphers:
            context.set_ciphers(f"{self.ciphers}:@SECLEVEL=0")
        if self.version is not None:
            with warnings.catch_warnings():  # that they are out of date is the point
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = self.version
                context.maximum_version = self.version
        return context


@dataclass(frozen=True, slots=True)
class Agreement:
    """What came of an offer; without a `version` there was no agreement. `reached` says that a
    connection was had at all."""

    reached: bool
    version: str = ""
    cipher: str = ""
    error: str = ""

    @property
    def made(self) -> bool:
        return bool(self.version)


def shake(origin: Origin, offer: Offer) -> Agreement:
    """Offers that to an origin, agrees if it does, and hangs up."""
    try:
        connection = socket.create_connection((origin.host, origin.port), _SECONDS)
    except OSError as error:
        return Agreement(reached=False, error=type(error).__name__)
    try:
        with (
            connection,
            offer.context().wrap_socket(connection, server_hostname=_name(origin)) as s,
        ):
            cipher = s.cipher()
            return Agreement(True, s.version() or "", cipher[0] if cipher else "")
    except (OSError, ValueError) as error:
        return Agreement(
            reached=True, error=str(getattr(error, "reason", "") or type(error).__name__)
        )


def _name(origin: Origin) -> str:
    return origin.host


def in_the_clear(origin: Origin, sent: bytes) -> bytes:
    """What an origin answers to bytes without TLS; nothing where it hangs up."""
    heard = b""
    try:
        with socket.create_connection((origin.host, origin.port), _SECONDS) as connection:
            connection.settimeout(_SECONDS)
            connection.sendall(sent)
            while len(heard) < _MOST and b"\r\n\r\n" not in heard:
                piece = connection.recv(4096)
                if not piece:
                    break
                heard += piece
    except OSError:
        return heard
    return heard


@cache
def possible(offer: Offer) -> bool:
    """Whether our own library agrees with itself on an offer, so that a refusal means something."""
    return any(_agrees(offer, kind) for kind in ("ec", "rsa"))


def _agrees(offer: Offer, kind: str) -> bool:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        offer._limited(server)
        client = offer.context()
        with tempfile.TemporaryDirectory() as folder:
            pem = Path(folder) / "pem"
            pem.write_bytes(_certificate(kind))
            server.load_cert_chain(pem)
    except (ssl.SSLError, ValueError):
        return False
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    done: set[int] = set()
    for _ in range(8):
        for number, end in enumerate(ends):
            try:
                end.do_handshake()
                done.add(number)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return len(done) == len(ends)


@cache
def _certificate(kind: str) -> bytes:
    """A key and its own signature, for the time of the process."""
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = (
        ec.generate_private_key(ec.SECP256R1())
        if kind == "ec"
        # Short, as it is made anew in each process and protects nothing.
        else rsa.generate_private_key(public_exponent=65537, key_size=1024)
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "l7audit, to itself")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret + made.public_bytes(serialization.Encoding.PEM)
