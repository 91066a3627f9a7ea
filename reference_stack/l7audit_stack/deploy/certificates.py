"""A certificate authority and server certificates for one run of the stack."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost", "127.0.0.1")
LIFETIME = timedelta(days=7)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: what clients trust, the key that signs, what the edge shows, and the edge's key.
    The keys are 0600, in a folder of 0700."""

    authority: Path
    authority_key: Path
    server: Path
    server_key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def new(cls, name: str, above: Authority | None = None) -> Authority:
        """An authority under its own name, or under another's."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject, now = _name(name), datetime.now(UTC)
        issuer, signer = (subject, key) if above is None else (above.certificate.subject, above.key)
        certificate = (
            _unsigned(subject, issuer, key.public_key(), now, LIFETIME)
            .add_extension(
                x509.BasicConstraints(ca=True, path_length=1 if above is None else 0), critical=True
            )
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(signer, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def read(cls, certificate: Path, key: Path) -> Authority:
        """One that was written. Raises OSError, ValueError, TypeError for what is no such file."""
        loaded = load_pem_private_key(key.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key} is not the key of an authority")
        return cls(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)

    def sign(
        self,
        key: PrivateKey,
        names: tuple[str, ...] = NAMES,
        *,
        lifetime: timedelta = LIFETIME,
        made: datetime | None = None,
    ) -> x509.Certificate:
        """A server's certificate for these names, valid from `made` (now) on."""
        return (
            _unsigned(
                _name(names[0]),
                self.certificate.subject,
                key.public_key(),
                made or datetime.now(UTC),
                lifetime,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([_subject(n) for n in names]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )


def make_certificates(folder: Path, names: tuple[str, ...] = NAMES) -> Certificates:
    """Write a fresh authority and a server certificate for `names` into `folder`.

    The authority's key stays there, so that a certificate can be replaced while the stack runs.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = Authority.new("l7audit reference stack, this run only")
    server_key = ec.generate_private_key(ec.SECP256R1())
    made = Certificates(
        folder / "ca.pem", folder / "ca.key", folder / "server.pem", folder / "server.key"
    )
    made.authority.write_bytes(pem(authority.certificate))
    made.server.write_bytes(pem(authority.sign(server_key, names)))
    for path, key in ((made.authority_key, authority.key), (made.server_key, server_key)):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(key_pem(key))
    return made


def pem(*certificates: x509.Certificate) -> bytes:
    """As a file: the server's own first, then those above it."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _subject(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _unsigned(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    made: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - timedelta(minutes=5))
        .not_valid_after(made + lifetime)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
