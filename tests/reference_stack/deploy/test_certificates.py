"""The certificates of one run."""

from __future__ import annotations

import ssl
import stat
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store

from l7audit_stack.deploy.certificates import Authority, make_certificates


def test_the_server_certificate_is_valid_for_its_names_under_the_authority(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    server = x509.load_pem_x509_certificate(made.server.read_bytes())
    for name in (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))):
        verifier = PolicyBuilder().store(Store([authority])).build_server_verifier(name)
        assert verifier.verify(server, [])


def test_only_its_owner_can_read_the_keys(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "tls")
    assert stat.S_IMODE(made.authority_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.server_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.server_key.parent.stat().st_mode) == 0o700


def test_an_authority_may_stand_between_and_signs_servers_only(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    root = Authority.read(made.authority, made.authority_key)
    between = Authority.new("between", above=root)
    assert [_depth(root), _depth(between)] == [1, 0]
    server = between.sign(ec.generate_private_key(ec.SECP256R1()))
    name = x509.DNSName("localhost")
    verifier = PolicyBuilder().store(Store([root.certificate])).build_server_verifier(name)
    assert verifier.verify(server, [between.certificate])


def _depth(authority: Authority) -> int | None:
    found = authority.certificate.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS)
    assert isinstance(found.value, x509.BasicConstraints)
    assert found.value.ca
    return found.value.path_length


def test_two_runs_do_not_trust_each_other(tmp_path: Path) -> None:
    one, other = make_certificates(tmp_path / "1"), make_certificates(tmp_path / "2")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.raises(ssl.SSLError):
        context.load_cert_chain(one.server, other.server_key)
    assert one.authority.read_bytes() != other.authority.read_bytes()
